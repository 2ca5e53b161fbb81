import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Called with whether the answer was 2xx; the connection can take the next request then. */
export type OnAnswer = (connection: Connection, good: boolean) => void;

const HEAD_END = '\r\n\r\n';

/**
 * A kept connection that reads no more of an answer than its status and its length, so that the load
 * costs little beside the backend on the same core.
 */
export class Connection {
  /** Free for the one who uses the connection: when the request was due. */
  dueAt = 0;
  /** Of the last answer; 0 when the connection ended before it was whole. */
  status = 0;
  /** The code of the last error of the connection. */
  error = '';
  /** Whether the last answer said when to come back. */
  retryAfter = false;
  readonly #port: number;
  readonly #onAnswer: OnAnswer;
  #socket: Socket;
  #head = '';
  /** Bytes of the body still to come; -1 while the head is not whole. */
  #left = -1;
  #busy = false;
  #closed = false;

  constructor(port: number, onAnswer: OnAnswer) {
    this.#port = port;
    this.#onAnswer = onAnswer;
    this.#socket = this.#connect();
  }

  send(request: Buffer): void {
    this.#busy = true;
    this.#socket.write(request);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => (this.error = code));
    socket.on('close', () => this.#onClose());
    return socket;
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#socket = this.#connect();
    this.#head = '';
    this.#left = -1;
    this.status = 0;
    if (this.#busy) this.#end();
  }

  #read(chunk: Buffer): void {
    if (this.#left === -1) {
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf(HEAD_END);
      if (end === -1) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
      if (length === undefined) throw new Error(`an answer without Content-Length: ${this.#head}`);
      this.status = Number(this.#head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
      this.retryAfter = this.status === 503 && /\r\nretry-after: *\d/i.test(this.#head);
      this.#left = Number(length) - (this.#head.length - end - HEAD_END.length);
    } else {
      this.#left -= chunk.length;
    }
    if (this.#left > 0) return;
    this.#head = '';
    this.#left = -1;
    this.#end();
  }

  #end(): void {
    this.#busy = false;
    this.#onAnswer(this, this.status >= 200 && this.status < 300);
  }
}
