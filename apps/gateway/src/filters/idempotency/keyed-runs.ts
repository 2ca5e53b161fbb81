import { randomUUID } from 'node:crypto';
import type { Logger } from '@woodytoys/service';
import type { Answer } from '../../exchange/answer.ts';
import { askDetached } from '../../exchange/detached.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { replaceHeader } from '../../exchange/header-list.ts';
import type { Next } from '../../plugin.ts';
import { wholeUpTo } from '../../exchange/stored-answer.ts';
import { fingerprintOf, scopeOf } from './key.ts';
import { endingOfAnswer, endingOfError } from './outcome.ts';
import type { Begun, Ending, KeyStates } from './states.ts';

export interface KeyedRunsParts {
  readonly states: KeyStates;
  /** Keys of one route are not those of another. */
  readonly route: string;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly maxAnswerBytes: number;
  /** Whether a request whose outcome is unknown is run again. */
  readonly rerun: boolean;
}

export interface KeyedRun {
  readonly scope: string;
  readonly token: string;
  readonly body: Buffer;
  readonly begun: Begun;
}

/** The requests of a route, run under their keys. */
export class KeyedRuns {
  readonly #parts: KeyedRunsParts;

  constructor(parts: KeyedRunsParts) {
    this.#parts = parts;
  }

  /** What is known of the key, which is this request's if it was new; undefined when nobody can tell. */
  async begin(exchange: Exchange, key: string, body: Buffer): Promise<KeyedRun | undefined> {
    const { states, route, log, leaseMs, ttlMs, rerun } = this.#parts;
    const scope = scopeOf(exchange, route, key);
    const fingerprint = fingerprintOf(exchange, body);
    const token = randomUUID();
    try {
      const begun = await states.begin(scope, { fingerprint, token, leaseMs, ttlMs, rerun });
      return { scope, token, body, begun };
    } catch (error) {
      log.warn({ error, requestId: exchange.requestId }, 'idempotency keys cannot be read');
      // If only the answer was late, the key would be in flight with nothing behind it.
      states.end(scope, token, { kind: 'free' }, ttlMs).catch(() => {});
      return undefined;
    }
  }

  /**
   * Runs it to its end, whether or not its client waits, and keeps what came of it before anybody is
   * told.
   * @throws whatever `next` throws (rejection).
   */
  async run(
    exchange: Exchange,
    next: Next,
    { scope, token, body, begun }: KeyedRun,
  ): Promise<Answer> {
    const copy = exchange.detach();
    copy.replaceBody(body.length === 0 ? null : body);
    const attempt =
      begun.state === 'begun' && begun.attempt > 1 ? String(begun.attempt) : undefined;
    replaceHeader(copy.headers, 'idempotency-attempt', attempt);
    const stopRenewal = this.#renew(scope, token);
    const end = async (ending: Ending) => {
      stopRenewal();
      await this.#end(exchange, scope, token, ending);
    };
    try {
      const { maxAnswerBytes } = this.#parts;
      const answer = await wholeUpTo(await askDetached(exchange, copy, next), maxAnswerBytes);
      await end(endingOfAnswer(answer, maxAnswerBytes));
      return answer;
    } catch (error) {
      await end(endingOfError(error));
      throw error;
    }
  }

  async #end(exchange: Exchange, scope: string, token: string, ending: Ending): Promise<void> {
    const { states, ttlMs, log } = this.#parts;
    const line = { requestId: exchange.requestId, ending: ending.kind };
    try {
      const kept = await states.end(scope, token, ending, ttlMs);
      if (!kept) log.warn(line, 'a run came to its end after its idempotency key was given away');
    } catch (error) {
      // Its lease will run out, and what it did counts as unknown.
      log.warn({ ...line, error }, 'the end of a run could not be kept under its idempotency key');
    }
  }

  #renew(scope: string, token: string): () => void {
    const { states, leaseMs, ttlMs, log } = this.#parts;
    const timer = setInterval(() => {
      states.renew(scope, token, leaseMs, ttlMs).catch((error: unknown) => {
        log.debug({ error }, 'the lease of an idempotency key could not be renewed');
      });
    }, leaseMs / 3);
    timer.unref();
    return () => clearInterval(timer);
  }
}
