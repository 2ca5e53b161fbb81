import { DIED } from './states.ts';
import type { Beginning, Begun, Ending, KeyStates } from './states.ts';

interface Run {
  state: 'running' | 'done' | 'unknown';
  readonly fingerprint: string;
  readonly token: string;
  readonly attempt: number;
  /** End of the lease. */
  until: number;
  /** End of the memory of it. */
  expires: number;
  /** The kept answer or the reason. */
  detail: string;
}

/** The room for keys; past it no key begins, since to forget one might run it twice. */
const MAX_BYTES = 64_000_000;
/** What a key costs apart from its answer, roughly. */
const KEY_BYTES = 500;

/** Keys that one process knows: what the scripts do in Redis, on a map. */
export class MemoryStates implements KeyStates {
  readonly #runs = new Map<string, Run>();
  readonly #now: () => number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor({ now = () => performance.now(), maxBytes = MAX_BYTES } = {}) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /** @throws Error when there is no room (rejection). */
  async begin(key: string, beginning: Beginning): Promise<Begun> {
    const { fingerprint, token, leaseMs, ttlMs, rerun } = beginning;
    const now = this.#now();
    const run = this.#known(key);
    if (run !== undefined) {
      if (run.fingerprint !== fingerprint) return { state: 'reused' };
      if (run.state === 'done') return { state: 'done', answer: run.detail };
      if (run.state === 'running' && run.until > now) return { state: 'running' };
      if (!rerun) {
        if (run.state === 'running') this.#change(key, run, 'unknown', DIED, ttlMs);
        return { state: 'unknown', reason: run.detail };
      }
    }
    this.#forget(key);
    this.#makeRoom();
    const attempt = (run?.attempt ?? 0) + 1;
    const [until, expires] = [now + leaseMs, now + ttlMs];
    this.#runs.set(key, {
      ...{ state: 'running', fingerprint, token, attempt, until, expires, detail: '' },
    });
    this.#bytes += KEY_BYTES;
    return { state: 'begun', attempt };
  }

  async renew(key: string, token: string, leaseMs: number, ttlMs: number): Promise<boolean> {
    const run = this.#known(key);
    if (run?.token !== token || run.state !== 'running') return false;
    run.until = this.#now() + leaseMs;
    this.#change(key, run, 'running', '', ttlMs);
    return true;
  }

  async end(key: string, token: string, ending: Ending, ttlMs: number): Promise<boolean> {
    const run = this.#known(key);
    if (run?.token !== token || run.state === 'done') return false;
    if (ending.kind === 'free') this.#forget(key);
    else {
      const detail = ending.kind === 'done' ? ending.answer : ending.reason;
      this.#change(key, run, ending.kind, detail, ttlMs);
    }
    return true;
  }

  close(): void {
    this.#runs.clear();
  }

  #known(key: string): Run | undefined {
    const run = this.#runs.get(key);
    if (run === undefined || run.expires > this.#now()) return run;
    this.#forget(key);
    return undefined;
  }

  /** The last changed stands last. */
  #change(key: string, run: Run, state: Run['state'], detail: string, ttlMs: number): void {
    this.#bytes += detail.length - run.detail.length;
    run.state = state;
    run.detail = detail;
    run.expires = this.#now() + ttlMs;
    this.#runs.delete(key);
    this.#runs.set(key, run);
  }

  #forget(key: string): void {
    const run = this.#runs.get(key);
    if (run === undefined) return;
    this.#bytes -= KEY_BYTES + run.detail.length;
    this.#runs.delete(key);
  }

  /** Forgets what is over. Routes with different times stand in one map, so all may be looked at. */
  #makeRoom(): void {
    const now = this.#now();
    for (const [key, { expires }] of this.#runs) {
      if (expires > now && this.#bytes < this.#maxBytes) return;
      if (expires <= now) this.#forget(key);
    }
    if (this.#bytes >= this.#maxBytes) {
      throw new Error('there is no room for another idempotency key in this process');
    }
  }
}
