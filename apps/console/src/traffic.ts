import { bodyInvalid } from '@woodytoys/service';
import type { Logger } from '@woodytoys/service';
import type { HttpClient } from './http-client.ts';
import type { Mix } from './mixes.ts';
import type { Traffic, TrafficOrder } from './snapshot.ts';

export interface DemonstrationDependencies {
  readonly mixes: readonly [Mix, ...Mix[]];
  /** The origin of the platform's entry. */
  readonly entry: () => string;
  readonly client: HttpClient;
  readonly log: Logger;
  /** After this it stops by itself, so that nobody has to remember it. Milliseconds. */
  readonly limitMs: number;
}

/** Requests of a mix on the platform's own entry, at an even rate whatever the answers take. */
export interface Demonstration {
  /**
   * Starts, changes or, with the rate 0, stops it.
   * @throws ProblemError 422 for an unknown mix.
   */
  set(order: TrafficOrder): Traffic;
  state(): Traffic;
  stop(): void;
}

/** One second of the highest rate: more that wait for an answer would tell nothing new. */
const MAX_IN_FLIGHT = 100;

/** One run, from a start to the next order. */
interface Run {
  readonly mix: Mix;
  rate: Traffic['rate'];
  until: number | null;
  served: number;
  failed: number;
  skipped: number;
}

export function createDemonstration(dependencies: DemonstrationDependencies): Demonstration {
  const { mixes, entry, client, log, limitMs } = dependencies;
  let run: Run = begin(mixes[0], 0);
  let timer: NodeJS.Timeout | undefined;
  let inFlight = 0;

  function begin(mix: Mix, rate: Traffic['rate']): Run {
    const until = rate === 0 ? null : Date.now() + limitMs;
    return { mix, rate, until, served: 0, failed: 0, skipped: 0 };
  }

  async function send(of: Run, n: number): Promise<void> {
    const { method, path, body } = of.mix.request(n);
    inFlight += 1;
    try {
      const { status } = await client.send({
        method,
        url: entry() + path,
        ...(body !== undefined && { body }),
      });
      if (status < 500) of.served += 1;
      else of.failed += 1;
    } catch {
      // The count is the report: no answer is a failure like any other.
      of.failed += 1;
    } finally {
      inFlight -= 1;
    }
  }

  /** Requests start at planned times, so that slow answers do not make fewer of them. */
  function startRun(started: Run): void {
    const startedAt = performance.now();
    const endsAt = startedAt + limitMs;
    const gapMs = 1000 / started.rate;
    let n = 0;
    const step = () => {
      const now = performance.now();
      if (now >= endsAt) {
        log.info({ mix: started.mix.id }, 'demonstration traffic stopped by itself');
        stop();
        return;
      }
      for (; startedAt + n * gapMs <= now; n += 1) {
        if (inFlight < MAX_IN_FLIGHT) void send(started, n);
        else started.skipped += 1;
      }
      const waitMs = Math.min(startedAt + n * gapMs, endsAt) - performance.now();
      timer = setTimeout(step, Math.max(0, waitMs));
    };
    step();
  }

  function stop(): void {
    clearTimeout(timer);
    // The same run: what it has sent is still answered, and counts.
    run.rate = 0;
    run.until = null;
  }

  function state(): Traffic {
    const { mix, rate, served, failed, skipped, until } = run;
    return { mix: mix.id, rate, served, failed, skipped, until };
  }

  return {
    set({ mix: id, rate }) {
      const mix = mixes.find((one) => one.id === id);
      if (mix === undefined) {
        const detail = `must be one of ${mixes.map((one) => one.id).join(', ')}`;
        throw bodyInvalid([{ pointer: '/body/mix', detail }]);
      }
      if (rate === 0) stop();
      else {
        clearTimeout(timer);
        run = begin(mix, rate);
        log.info({ mix: id, rate }, 'demonstration traffic started');
        startRun(run);
      }
      return state();
    },
    state,
    stop,
  };
}
