import type { Readable } from 'node:stream';
import type { Answer, WholeAnswer } from './answer.ts';

/** What is kept of an answer, as text; the body may be of any bytes. */
export function encodeAnswer({ status, headers, body }: WholeAnswer): string {
  return JSON.stringify([status, headers, body.toString('base64')]);
}

/** @throws TypeError or SyntaxError for a text that `encodeAnswer` did not make. */
export function decodeAnswer(text: string): WholeAnswer {
  const [status, headers, body] = JSON.parse(text) as [number, string[], string];
  return { status, headers, body: Buffer.from(body, 'base64') };
}

/**
 * Waits for the whole answer if it has at most `maxBytes`; a larger one is given back with its
 * stream, nothing of it lost, once that is known.
 * @throws whatever ends the stream too soon (rejection).
 */
export async function wholeUpTo(answer: Answer, maxBytes: number): Promise<Answer | WholeAnswer> {
  const { status, headers, body } = answer;
  if (body === null) return { status, headers, body: Buffer.alloc(0) };
  if (typeof body === 'string') return { status, headers, body: Buffer.from(body) };
  if (Buffer.isBuffer(body) || saysMoreThan(headers, maxBytes)) return answer;
  const whole = await readUpTo(body, maxBytes);
  return whole === undefined ? answer : { status, headers, body: whole };
}

/** Whether the body is at hand and has at most `maxBytes`. */
export function isWholeUpTo(answer: Answer, maxBytes: number): answer is WholeAnswer {
  return Buffer.isBuffer(answer.body) && answer.body.length <= maxBytes;
}

function saysMoreThan(headers: readonly string[], maxBytes: number): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === 'content-length') return Number(headers[index + 1]) > maxBytes;
  }
  return false;
}

/** The stream's bytes, or undefined when there are more: what was read is then put back. */
function readUpTo(body: Readable, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    // One that has ended already tells nobody of it.
    if (body.destroyed) throw body.errored ?? new Error('the answer was let go');
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onReadable = () => {
      for (let chunk = body.read() as Buffer | null; chunk !== null;) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > maxBytes) return settle(() => giveBack(resolve));
        chunk = body.read() as Buffer | null;
      }
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks)));
    const onError = (error: Error) => settle(() => reject(error));
    const onClose = () => onError(new Error('the answer ended before it was whole'));
    function settle(finish: () => void): void {
      body.off('readable', onReadable).off('end', onEnd).off('close', onClose);
      body.off('error', onError);
      finish();
    }
    function giveBack(done: (nothing: undefined) => void): void {
      body.unshift(Buffer.concat(chunks));
      done(undefined);
    }
    body.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}
