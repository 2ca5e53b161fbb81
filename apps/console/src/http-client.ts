import { Agent, request } from 'node:http';

export interface ClientRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface ClientAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks other parts of the platform over plain HTTP on kept connections. */
export interface HttpClient {
  /** @throws Error when no whole answer came in time (rejection); its message says whose. */
  send(request: ClientRequest): Promise<ClientAnswer>;
  /** The JSON of an answer of 200 or 201 or 202; @throws Error for every other (rejection). */
  json(request: ClientRequest): Promise<unknown>;
  close(): void;
}

export interface HttpClientOptions {
  /** To the end of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Longer answers are an error. */
  readonly maxBytes?: number;
  readonly maxConnections?: number;
}

const MEBIBYTE = 1024 * 1024;

export function createHttpClient({
  timeoutMs,
  maxBytes = 8 * MEBIBYTE,
  maxConnections = 16,
}: HttpClientOptions): HttpClient {
  // Shorter than the 75 s after which servers cut an idle connection.
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections, timeout: 60_000 });

  function send({ method, url, body }: ClientRequest): Promise<ClientAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ClientAnswer>();
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(
      url,
      {
        method,
        agent,
        headers: {
          accept: 'application/json',
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxBytes) sent.destroy(new Error(`its answer is over ${maxBytes} bytes`));
          else chunks.push(chunk);
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode as number, text: Buffer.concat(chunks).toString() }),
        );
        answer.on('error', reject);
      },
    );
    const timer = setTimeout(() => {
      sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    sent.on('error', reject);
    sent.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection ended before the answer'));
    });
    sent.end(payload);
    return promise.catch((error: Error) => {
      throw new Error(`${new URL(url).host} does not answer: ${error.message}`, { cause: error });
    });
  }

  return {
    send,
    async json(asked) {
      const { status, text } = await send(asked);
      const { host, pathname } = new URL(asked.url);
      if (status < 200 || status > 202) {
        throw new Error(`${host} answers ${asked.method} ${pathname} with ${status}`);
      }
      return JSON.parse(text) as unknown;
    },
    close: () => agent.destroy(),
  };
}
