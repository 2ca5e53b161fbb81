import { request } from 'node:http';
import { finished } from 'node:stream/promises';
import type { ContractCheck } from './contract-check.ts';

export interface Answer<Body = unknown> {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed when the content type is JSON, text otherwise, `undefined` when empty. */
  readonly body: Body;
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; `content-type` is the caller's. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  /** `path` goes over the wire unchanged. */
  call<Body = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<Body>>;
  get<Body = unknown>(path: string): Promise<Answer<Body>>;
  post<Body = unknown>(path: string, json: unknown): Promise<Answer<Body>>;
  put<Body = unknown>(path: string, json: unknown): Promise<Answer<Body>>;
  delete<Body = unknown>(path: string): Promise<Answer<Body>>;
}

/** An HTTP client that holds every answer against the contract. */
export function createClient(port: number, check: ContractCheck): Client {
  async function call<Body>(
    method: string,
    path: string,
    { json, raw, headers = {} }: CallOptions = {},
  ): Promise<Answer<Body>> {
    const payload = json === undefined ? raw : JSON.stringify(json);
    const {
      status,
      headers: answered,
      text,
    } = await exchange(port, method, path, payload, {
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    });
    const contentType = answered['content-type']?.split(';')[0]?.trim();
    const body: unknown =
      text === '' ? undefined : contentType?.endsWith('json') ? JSON.parse(text) : text;
    check({ method, path: path.split('?')[0] ?? path, status, contentType, body });
    return { status, headers: answered, body: body as Body };
  }

  return {
    call,
    get: (path) => call('GET', path),
    post: (path, json) => call('POST', path, { json }),
    put: (path, json) => call('PUT', path, { json }),
    delete: (path) => call('DELETE', path),
  };
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

async function exchange(
  port: number,
  method: string,
  path: string,
  payload: string | Buffer | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const length = payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) };
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: { ...length, ...headers },
  });
  const answered = new Promise<RawAnswer>((resolve, reject) => {
    // An answer may come before the body is sent whole; the write then fails, and does not matter.
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      finished(response).then(
        () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            text: Buffer.concat(chunks).toString(),
          }),
        reject,
      );
    });
  });
  outgoing.end(payload);
  return answered;
}
