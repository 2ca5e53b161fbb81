import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '@woodytoys/service';
import type { AnswerTap, Exchange } from '../exchange/exchange.ts';
import type { Drift, SampledAnswer } from './answer-validator.ts';
import { decoderOf } from './body-bytes.ts';

/** A longer body is not kept: its status and content type are checked alone. */
const SAMPLED_BYTES = 64_000;
/** What a packed body may be unpacked. */
const UNPACKED_BYTES = 1_000_000;

/** What is done with a sampled answer. */
export interface SampleCheck {
  readonly check: (answer: SampledAnswer) => Drift | undefined;
  readonly tell: (drift: Drift, requestId: string) => void;
  readonly log: Logger;
}

/**
 * Keeps a bounded copy of an upstream's answer as it passes, and checks it when the client has it.
 * An answer that breaks, or whose client has gone, is not checked.
 */
export class AnswerSample implements AnswerTap {
  readonly #exchange: Exchange;
  readonly #check: SampleCheck;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] | undefined;
  #bytes = 0;
  #whole = false;
  #sent = false;

  constructor(exchange: Exchange, check: SampleCheck) {
    this.#exchange = exchange;
    this.#check = check;
    exchange.onEnd(() => {
      this.#sent = true;
      this.#finish();
    });
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
    this.#whole = false;
    this.#bytes = 0;
    this.#chunks = this.#exchange.method === 'HEAD' ? undefined : [];
  }

  onData(chunk: Buffer): void {
    if (this.#chunks === undefined) return;
    this.#bytes += chunk.length;
    if (this.#bytes > SAMPLED_BYTES) this.#chunks = undefined;
    else this.#chunks.push(chunk);
  }

  onEnd(): void {
    this.#whole = true;
    this.#finish();
  }

  #finish(): void {
    if (!this.#whole || !this.#sent) return;
    setImmediate(() => {
      this.#work().catch((error: unknown) => {
        const { requestId, upstream } = this.#exchange;
        this.#check.log.warn({ error, requestId, upstream }, 'a sampled answer cannot be checked');
      });
    });
  }

  async #work(): Promise<void> {
    const { check, tell } = this.#check;
    const contentType = this.#headers['content-type'];
    const drift = check({ status: this.#status, contentType, body: await this.#body() });
    if (drift !== undefined) tell(drift, this.#exchange.requestId);
  }

  async #body(): Promise<Buffer | undefined> {
    if (this.#chunks === undefined) return undefined;
    const body = Buffer.concat(this.#chunks);
    const decode = decoderOf(this.#headers['content-encoding']);
    if (decode === null) return body;
    // Of an encoding that is not known, or larger than is sensible: its body is left alone.
    return decode?.(body, { maxOutputLength: UNPACKED_BYTES }).catch(() => undefined);
  }
}
