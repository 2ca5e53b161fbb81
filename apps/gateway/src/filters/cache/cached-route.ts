import type { Flight } from '@woodytoys/caching/parts';
import type { Logger } from '@woodytoys/service';
import type { Answer } from '../../exchange/answer.ts';
import { askDetached, askToEnd } from '../../exchange/detached.ts';
import { withinDeadline } from '../../exchange/within-deadline.ts';
import type { Next } from '../../plugin.ts';
import { notCached, originFailed } from '../../problems.ts';
import type { AnswerStore, Found } from './answer-store.ts';
import type { Asked } from './asked.ts';
import { Interest } from './interest.ts';
import type { FreshnessPolicy } from './judge.ts';
import { Keeper } from './keeper.ts';
import type { Place } from './keeper.ts';
import { isOriginError, load } from './origin.ts';
import type { Loaded } from './origin.ts';
import { hitStatus, serve, storedWords, withStatus } from './serve.ts';
import type { How } from './serve.ts';
import { HeldAnswer } from './stored.ts';
import type { StoredAnswer, VaryMarker } from './stored.ts';

export interface CachedRouteParts {
  readonly store: AnswerStore;
  readonly policy: FreshnessPolicy;
  /** The largest body that is kept. */
  readonly maxBytes: number;
  /** The longest time that the process keeps an answer without asking what the replicas share. */
  readonly firstLevelMs: number;
  /** How long to wait while another replica asks the origin. */
  readonly waitMs: number;
  readonly log: Logger;
  readonly count: (how: How) => void;
}

/** What comes of a flight, for all who are on board; `own` is for the one who began it alone. */
interface Outcome {
  readonly how: How;
  readonly status: string;
  /** Shared by those whose variant it is. */
  readonly held?: HeldAnswer;
  /** Where `held` is kept. */
  readonly id?: string;
  /** What the answers of the address vary by, if they do. */
  readonly marker?: VaryMarker | undefined;
  readonly own?: Answer;
  readonly ownError?: unknown;
  /** Why the origin gave nothing to anybody. */
  readonly error?: unknown;
}

interface Boarded extends Flight {
  readonly interest: Interest;
}

/** Through the address to its variant, and again when what it varies by has changed meanwhile. */
const MOST_TURNS = 4;
/** What the origin refuses tells nothing of what it answers to others. */
const TELLS_OF_THE_ADDRESS = new Set([404, 405, 410, 414]);

/** Answers a route's requests from what is kept, and keeps what the origin answers. */
export class CachedRoute {
  readonly #parts: CachedRouteParts;
  readonly #keeper: Keeper;

  constructor(parts: CachedRouteParts) {
    this.#parts = parts;
    this.#keeper = new Keeper(parts.store, parts.firstLevelMs);
  }

  /**
   * @throws whatever `next` throws, and ProblemError 5xx when the origin failed for another client
   * that asked the same (rejections).
   */
  async answer(asked: Asked, next: Next): Promise<Answer> {
    const { store } = this.#parts;
    const { control } = asked;
    if (control.has('no-store')) return this.#bypass(next);
    if (asked.wantsValidated) return this.#alone(asked, next, 'MISS', 'fwd=request');
    if (control.has('only-if-cached')) return this.#onlyIfCached(asked);
    let marker: VaryMarker | undefined;
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const id = marker === undefined ? asked.id : asked.variantId(marker);
      const kept = store.get(id);
      if (kept?.kind === 'vary') {
        ({ marker } = kept);
        continue;
      }
      if (kept?.kind === 'pass') break;
      if (kept !== undefined && asked.accepts(kept.held)) {
        return this.#serve(asked, kept.held, 'HIT', hitStatus(kept.held));
      }
      const known = store.flights.get(id) as Boarded | undefined;
      const flight = known ?? this.#depart({ id, lease: undefined, marker }, asked, next);
      flight.interest.join(asked.exchange);
      const outcome = await withinDeadline(asked.exchange, flight.result as Promise<Outcome>);
      const answer = this.#fromOutcome(asked, outcome, known !== undefined);
      if (answer !== undefined) return answer;
      if (outcome.marker === undefined && outcome.ownError === undefined) break;
      ({ marker } = outcome);
    }
    return this.#alone(asked, next, 'PASS', 'fwd=miss');
  }

  /** Undefined when it is not for this request. */
  #fromOutcome(asked: Asked, outcome: Outcome, joins: boolean): Answer | undefined {
    const { how, held, status, marker } = outcome;
    if (!joins && outcome.own !== undefined) {
      this.#parts.count(how);
      return { ...outcome.own, headers: withStatus(outcome.own.headers, how, status) };
    }
    if (!joins && outcome.ownError !== undefined) throw outcome.ownError;
    if (outcome.error !== undefined) throw outcome.error;
    if (held === undefined) return undefined;
    if (outcome.id !== (marker === undefined ? asked.id : asked.variantId(marker)))
      return undefined;
    const loaded = how === 'MISS' || how === 'REVALIDATED';
    // Who wants a younger one than is kept gets it from the origin; a loaded one is as young as any.
    if (!loaded && !asked.accepts(held)) return undefined;
    if (!joins || !loaded) return this.#serve(asked, held, how, status);
    return this.#serve(asked, held, 'COLLAPSED', `${status}; collapsed`);
  }

  #serve({ exchange }: Asked, held: HeldAnswer, how: How, status: string): Answer {
    this.#parts.count(how);
    return serve(exchange, held, how, status);
  }

  #depart(at: Place, asked: Asked, next: Next): Boarded {
    const { flights } = this.#parts.store;
    const flight = flights.depart(at.id) as Flight & { interest: Interest };
    flight.interest = new Interest(() => flights.land(at.id, flight));
    flight.result = this.#fly(at, asked, next, flight).finally(() => {
      flight.interest.end();
      flights.land(at.id, flight);
    });
    return flight;
  }

  async #fly(at: Place, asked: Asked, next: Next, flight: Boarded): Promise<Outcome> {
    const { store, waitMs, firstLevelMs } = this.#parts;
    const { id, marker } = at;
    const servable = (held: HeldAnswer) => held.freshLeftMs > 0 || held.mayServeWhileRevalidating();
    const reading = await store.read(id, asked.exchange.timeLeft(waitMs), servable);
    const found = reading?.found;
    if (found?.kind === 'vary') {
      store.keep(id, found, firstLevelMs);
      return { how: 'MISS', marker: found.marker, status: '' };
    }
    if (found?.kind === 'pass') {
      store.keep(id, found, firstLevelMs);
      return { how: 'PASS', status: '' };
    }
    if (found === undefined || !servable(found.held)) {
      return this.#load({ ...at, lease: reading?.lease }, asked, next, flight, found?.held);
    }
    const { held } = found;
    if (held.freshLeftMs > 0) {
      if (flight.valid) store.keep(id, found, Math.min(firstLevelMs, held.freshLeftMs));
      return { how: 'HIT', held, id, marker, status: hitStatus(held) };
    }
    void this.#refresh(at, asked, next, held.stored);
    return { how: 'STALE', held, id, marker, status: hitStatus(held) };
  }

  async #load(
    at: Place,
    asked: Asked,
    next: Next,
    flight: Boarded,
    stale: HeldAnswer | undefined,
  ): Promise<Outcome> {
    const { store } = this.#parts;
    const copy = asked.forOrigin(stale?.stored);
    flight.interest.abortable(copy);
    const ask = () => askDetached(asked.exchange, copy, next);
    const loaded = await this.#ask(at, asked, ask, stale?.stored, flight);
    if (loaded.kind === 'stored') {
      const { id, marker } = await this.#keeper.keep(asked, at, loaded.answer, flight);
      const held = new HeldAnswer(loaded.answer);
      return { ...storedWords(loaded.validated, stale !== undefined), held, id, marker };
    }
    if (loaded.kind === 'pass') {
      const { status } = loaded.answer;
      if (status < 400 || TELLS_OF_THE_ADDRESS.has(status)) await store.fillPass(at.id, at.lease);
      else store.release(at.id, at.lease);
      return { how: 'PASS', own: loaded.answer, status: `fwd=miss; fwd-status=${status}` };
    }
    store.release(at.id, at.lease);
    const ofOrigin = loaded.kind === 'failed' || isOriginError(loaded.error);
    if (stale?.mayServeOnError() && ofOrigin) {
      discard(loaded);
      const status = `${hitStatus(stale)}; detail=stale-if-error`;
      return { how: 'STALE-ERROR', held: stale, id: at.id, marker: at.marker, status };
    }
    if (loaded.kind === 'thrown') {
      // Others may have more time than the one who asked.
      const own = !ofOrigin || performance.now() >= copy.deadlineAt;
      return { how: 'MISS', [own ? 'ownError' : 'error']: loaded.error, status: '' };
    }
    const { answer } = loaded;
    const status = `fwd=miss; fwd-status=${answer.status}`;
    return { how: 'MISS', own: answer, error: originFailed(answer.status), status };
  }

  /** Asks the origin behind a stale answer, if nobody does yet. */
  async #refresh(at: Place, asked: Asked, next: Next, stale: StoredAnswer): Promise<void> {
    const { store, log } = this.#parts;
    const { lease } = await store.take(at.id);
    if (lease === undefined) return;
    const flight = store.flights.release(at.id);
    const copy = asked.forOrigin(stale);
    const loaded = await this.#ask(
      { ...at, lease },
      asked,
      () => askToEnd(copy, next),
      stale,
      flight,
    );
    if (loaded.kind === 'stored') {
      await this.#keeper.keep(asked, { ...at, lease }, loaded.answer, flight);
    } else if (loaded.kind === 'pass') {
      await store.fillPass(at.id, lease);
    } else {
      // The lease is left to run out: until then nobody asks the failing origin again.
      const why = loaded.kind === 'thrown' ? { error: loaded.error } : loaded.answer.status;
      log.warn({ path: asked.path, why }, 'a stale answer could not be refreshed; it is served on');
    }
    discard(loaded);
    store.flights.land(at.id, flight);
  }

  async #ask(
    at: Place,
    asked: Asked,
    ask: () => Promise<Answer>,
    stale: StoredAnswer | undefined,
    flight: Flight | undefined,
  ): Promise<Loaded> {
    const { store, policy, maxBytes } = this.#parts;
    const stopRenewal = store.keepLease(at.id, at.lease, () => {
      if (flight === undefined) return;
      flight.valid = false;
      store.flights.land(at.id, flight);
    });
    const loaded = await load(asked, ask, { policy, maxBytes, stale, purge: store.purges.point });
    stopRenewal();
    return loaded;
  }

  async #bypass(next: Next): Promise<Answer> {
    this.#parts.count('BYPASS');
    const answer = await next();
    return { ...answer, headers: withStatus(answer.headers, 'BYPASS', 'fwd=request') };
  }

  /** Asks the origin for this client alone; keeps what may be kept, for others. */
  async #alone(asked: Asked, next: Next, how: How, why: string): Promise<Answer> {
    const { exchange } = asked;
    this.#parts.count(how);
    // An answer to HEAD is not one to GET.
    if (exchange.method !== 'GET') {
      const answer = await next();
      return { ...answer, headers: withStatus(answer.headers, how, why) };
    }
    await this.#parts.store.purges.refresh();
    const nowhere = { id: asked.id, lease: undefined, marker: undefined };
    const loaded = await this.#ask(nowhere, asked, () => next(), undefined, undefined);
    if (loaded.kind === 'thrown') throw loaded.error;
    if (loaded.kind === 'stored') {
      await this.#keeper.keepUnleased(asked, loaded.answer);
      return serve(exchange, new HeldAnswer(loaded.answer), how, `${why}; stored`);
    }
    const { answer } = loaded;
    const status = `${why}; fwd-status=${answer.status}`;
    return { ...answer, headers: withStatus(answer.headers, how, status) };
  }

  async #onlyIfCached(asked: Asked): Promise<Answer> {
    const { store } = this.#parts;
    const isFresh = (held: HeldAnswer) => held.freshLeftMs > 0 && asked.accepts(held);
    const find = async (id: string): Promise<Found | undefined> => {
      const reading = await store.read(id, 0, isFresh);
      store.release(id, reading?.lease);
      return reading?.found;
    };
    let found = await find(asked.id);
    if (found?.kind === 'vary') found = await find(asked.variantId(found.marker));
    if (found?.kind !== 'answer' || !isFresh(found.held)) throw notCached();
    return this.#serve(asked, found.held, 'HIT', hitStatus(found.held));
  }
}

/** Lets go of an answer that nobody gets. */
function discard(loaded: Loaded): void {
  if (loaded.kind !== 'pass' && loaded.kind !== 'failed') return;
  const { body } = loaded.answer;
  if (body !== null && typeof body === 'object' && 'destroy' in body) body.destroy();
}
