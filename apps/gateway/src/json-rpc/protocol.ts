/** JSON-RPC 2.0, as https://www.jsonrpc.org/specification has it. */

/** Its own error codes, and one of the range that it leaves to servers. */
export const CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** A service refused the call; `data.status` says how. */
  refused: -32000,
} as const;

export const VERSION = '2.0';

export type Id = string | number | null;

/** A call that has the form of one; without `id` it is a notification, which is never answered. */
export interface Call {
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** Why a call failed. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Reads a call; undefined when it has not the form of one. */
export function readCall(value: unknown): Call | undefined {
  if (!isObject(value)) return undefined;
  const { jsonrpc, method, params } = value;
  if (jsonrpc !== VERSION || typeof method !== 'string') return undefined;
  if (params !== undefined && (typeof params !== 'object' || params === null)) return undefined;
  if (!Object.hasOwn(value, 'id')) return { id: undefined, method, params };
  return isId(value['id']) ? { id: value['id'], method, params } : undefined;
}

/** The id of what is no call, to answer with; null when it has none. */
export function idOf(value: unknown): Id {
  return isObject(value) && isId(value['id']) ? value['id'] : null;
}

/** `result` is JSON. */
export function resultText(id: Id, result: string): string {
  return `{"jsonrpc":"${VERSION}","result":${result},"id":${JSON.stringify(id)}}`;
}

export function errorText(id: Id, { code, message, data }: RpcError): string {
  return JSON.stringify({ jsonrpc: VERSION, error: { code, message, data }, id });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number past what doubles hold exactly would be answered as another one. */
function isId(id: unknown): id is Id {
  if (typeof id === 'number') return Number.isSafeInteger(id) || !Number.isInteger(id);
  return typeof id === 'string' || id === null;
}
