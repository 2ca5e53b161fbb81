/** Words between the gateway and the processes in which expressions run. */

/** One body to transform. */
export interface TransformTask {
  /** JSONata; each process compiles it once. */
  readonly expression: string;
  readonly input: Uint8Array;
  readonly inputIs: 'json' | 'text';
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly output: 'json' | 'text';
  /** The largest result, in bytes. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Why there is no result: the body's type, its JSON, the expression, a limit, or no free process. */
export type FailureKind = 'type' | 'input' | 'expression' | 'size' | 'time' | 'memory' | 'busy';

export type TransformResult =
  { readonly output: Uint8Array } | { readonly failure: FailureKind; readonly reason: string };

/** What a process sends once it can take tasks. */
export const READY = 'ready';
