import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends `pieces` as they are, and reads until the server closes the connection. */
export function exchangeRaw(port: number, ...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A reset after the answer is the server's right; what came before it counts.
    socket.on('error', (error) => (chunks.length > 0 ? undefined : fail(error)));
    socket.on('close', () => done(Buffer.concat(chunks).toString()));
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
    });
  });
}

/** Splits the first answer of `text` into its parts. */
export function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    headerLines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers['content-length'] ?? 0);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: text.slice(end + 4, end + 4 + length),
  };
}

/** A connection that stays open, for requests one after the other. */
export class RawConnection {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #received = '';
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.closed = new Promise((done) => {
      this.socket.on('close', () => {
        done();
        this.#wake();
      });
    });
  }

  /** Sends a request and waits for its whole answer. */
  async ask(request: string): Promise<RawAnswer> {
    this.socket.write(request);
    return this.answer();
  }

  /** Waits for the next whole answer. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end >= 0) {
        const answer = parseAnswer(this.#received);
        const total = end + 4 + Number(answer.headers['content-length'] ?? 0);
        if (this.#received.length >= total) {
          this.#received = this.#received.slice(total);
          return answer;
        }
      }
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}
