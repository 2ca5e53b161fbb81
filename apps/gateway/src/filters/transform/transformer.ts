import { availableParallelism } from 'node:os';
import jsonata from 'jsonata';
import type { Exchange } from '../../exchange/exchange.ts';
import { isJson, mediaTypeOf } from '../../exchange/media-type.ts';
import type { BuildContext } from '../../plugin.ts';
import { TransformFailure, TransformWorkers } from './workers.ts';
import { sizeBytes, timerMs } from '../../config/units.ts';
import { bindingsOf } from './bindings.ts';

export interface TransformOptions {
  readonly expression: string;
  readonly output?: 'json' | 'text';
  readonly contentType?: string;
  readonly errors?: boolean;
  readonly timeout?: string;
  readonly maxBody?: string;
}

/** What is to be transformed. */
export interface Subject {
  readonly exchange: Exchange;
  readonly headers: readonly string[];
  /** Unpacked. */
  readonly body: Buffer;
  readonly status: number | undefined;
}

export interface Transformer {
  readonly maxBytes: number;
  /** Of the result. */
  readonly contentType: string;
  countUnchanged(): void;
  /**
   * Transforms one body and counts what came of it.
   * @throws TransformFailure (rejections).
   */
  run(subject: Subject): Promise<Buffer>;
}

const MAX_PROCESSES = 4;

/**
 * Makes what transforms the bodies of one route.
 * @throws TypeError when the expression is none.
 */
export function createTransformer(options: TransformOptions, context: BuildContext): Transformer {
  const { expression, output = 'json', timeout = '100ms', maxBody = '1MB' } = options;
  checkExpression(expression);
  // One of the cores is the gateway's own.
  const size = Math.max(1, Math.min(MAX_PROCESSES, availableParallelism() - 1));
  const workers = context.shared('transform workers', () => new TransformWorkers(size));
  const bindings = bindingsOf(expression);
  const maxBytes = sizeBytes(maxBody);
  const timeoutMs = timerMs(timeout);
  const count = {
    transformed: context.decision('transform', 'transformed'),
    unchanged: context.decision('transform', 'unchanged'),
    type: context.decision('transform', 'unreadable'),
    input: context.decision('transform', 'unreadable'),
    expression: context.decision('transform', 'failed'),
    size: context.decision('transform', 'too-large'),
    time: context.decision('transform', 'timed-out'),
    memory: context.decision('transform', 'out-of-memory'),
    busy: context.decision('transform', 'busy'),
  };
  return {
    maxBytes,
    contentType:
      options.contentType ?? (output === 'json' ? 'application/json' : 'text/plain; charset=utf-8'),
    countUnchanged: count.unchanged,
    async run(subject) {
      try {
        const made = await workers.run({
          expression,
          input: subject.body,
          inputIs: inputOf(subject.headers),
          bindings: bindings(subject),
          output,
          maxBytes,
          timeoutMs,
        });
        count.transformed();
        return made;
      } catch (error) {
        if (error instanceof TransformFailure) count[error.kind]();
        throw error;
      }
    },
  };
}

function inputOf(headers: readonly string[]): 'json' | 'text' {
  const type = mediaTypeOf(headers);
  if (isJson(type)) return 'json';
  if (type?.startsWith('text/')) return 'text';
  throw new TransformFailure('type', `the content-type is ${type ?? 'missing'}, not JSON or text`);
}

function checkExpression(expression: string): void {
  try {
    jsonata(expression);
  } catch (error) {
    const { message, position } = error as jsonata.JsonataError;
    throw new TypeError(`the expression is no JSONata: ${message} (at character ${position})`, {
      cause: error,
    });
  }
}
