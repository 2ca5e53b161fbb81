import { Agent, request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

export interface Call {
  /** Of the server, without a slash at its end. */
  readonly origin: string;
  readonly path: string;
  /** As the header says it; names below `localhost` are not known to every resolver. */
  readonly host?: string;
  /** Sent as JSON, by POST. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** From sending the call to the end of its answer. */
  readonly seconds: number;
}

const agent = new Agent({ keepAlive: true });

/** @throws when there is no answer. */
export async function ask({ origin, path, host, body, signal }: Call): Promise<Answer> {
  const began = performance.now();
  const answer = await new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>(
    (resolve, reject) => {
      const sent = request(
        `${origin}${path}`,
        {
          agent,
          signal,
          method: body === undefined ? 'GET' : 'POST',
          headers: {
            ...(host !== undefined && { host }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
        },
        (response) => {
          buffer(response).then(
            (bytes) =>
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers,
                body: bytes,
              }),
            reject,
          );
        },
      );
      sent.once('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    },
  );
  return { ...answer, seconds: (performance.now() - began) / 1000 };
}

/** @throws when the answer is not of the range of 200: its time would mean nothing. */
export async function askWell(call: Call): Promise<Answer> {
  const answer = await ask(call);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const text = answer.body.toString().slice(0, 200);
  throw new Error(`${call.origin}${call.path} answered ${answer.status}: ${text}`);
}
