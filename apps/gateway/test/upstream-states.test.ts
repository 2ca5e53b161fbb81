import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../src/upstreams/adaptive-limit.ts';
import { hashOf, highestFor } from '../src/upstreams/balance.ts';
import { CircuitBreaker } from '../src/upstreams/circuit-breaker.ts';
import type { BreakerState, RequestOutcome } from '../src/upstreams/circuit-breaker.ts';
import { ConcurrencyLimit } from '../src/upstreams/concurrency-limit.ts';
import { Ejection, newEjectionMark } from '../src/upstreams/ejection.ts';
import { RetryBudget } from '../src/upstreams/retry-budget.ts';
import { RollingCount } from '../src/upstreams/rolling-count.ts';

/** A clock that stands until it is told. */
function clock() {
  let at = 1_000;
  return { now: () => at, pass: (ms: number) => (at += ms) };
}

describe('a rolling count', () => {
  it('has what happened in its window, to a tenth of it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }), (pauses) => {
        const { now, pass } = clock();
        const count = new RollingCount(1_000, now);
        const times: number[] = [];
        for (const pause of pauses) {
          pass(pause);
          count.add();
          times.push(now());
          const within = (ms: number) => times.filter((time) => time > now() - ms).length;
          expect(count.total).toBeGreaterThanOrEqual(within(900));
          expect(count.total).toBeLessThanOrEqual(within(1_000));
        }
      }),
    );
  });
});

describe('a circuit breaker', () => {
  const options = {
    windowMs: 10_000,
    minRequests: 4,
    failureShare: 0.5,
    openMs: 5_000,
    probes: 2,
  };

  function breaker() {
    const time = clock();
    const turns: BreakerState[] = [];
    const made = new CircuitBreaker(options, {
      now: time.now,
      onTransition: (to) => turns.push(to),
    });
    const ask = (outcome: RequestOutcome) => {
      const pass = made.admit();
      if (pass !== undefined) made.done(pass, outcome);
      return pass !== undefined;
    };
    return { ...time, made, turns, ask };
  }

  it('opens at the share of failures, not before there are enough requests', () => {
    const { made, ask } = breaker();
    for (const outcome of ['failed', 'succeeded', 'succeeded'] as const) ask(outcome);
    expect(made.state).toBe('closed');
    ask('failed');
    expect(made.state).toBe('open');
    expect(ask('succeeded')).toBe(false);
    expect(made.openForMs).toBe(5_000);
  });

  it('forgets failures that are older than its window', () => {
    const { made, ask, pass } = breaker();
    for (let count = 0; count < 3; count += 1) ask('failed');
    pass(10_000);
    for (let count = 0; count < 3; count += 1) ask('failed');
    expect(made.state).toBe('closed');
  });

  it('lets its probes through and no more, closes when all succeed, opens when one fails', () => {
    const { made, turns, ask, pass } = breaker();
    for (let count = 0; count < 4; count += 1) ask('failed');
    pass(5_000);
    const [first, second] = [made.admit() as number, made.admit() as number];
    expect(made.admit()).toBeUndefined();
    made.done(first, 'succeeded');
    expect(made.admit()).toBeUndefined();
    made.done(second, 'failed');
    expect(made.state).toBe('open');
    pass(5_000);
    ask('succeeded');
    ask('succeeded');
    expect(turns).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  it('lets another probe through for one whose client went', () => {
    const { made, ask, pass } = breaker();
    for (let count = 0; count < 4; count += 1) ask('failed');
    pass(5_000);
    for (let count = 0; count < 10; count += 1) ask('abandoned');
    expect(made.state).toBe('half-open');
    ask('succeeded');
    ask('succeeded');
    expect(made.state).toBe('closed');
  });

  it('is not moved by requests of before its last turn', () => {
    const { made, ask, pass } = breaker();
    const old = Array.from({ length: 5 }, () => made.admit() as number);
    for (let count = 0; count < 4; count += 1) ask('failed');
    pass(5_000);
    const probe = made.admit() as number;
    for (const late of old) made.done(late, 'failed');
    expect(made.state).toBe('half-open');
    made.done(probe, 'succeeded');
    expect(ask('succeeded')).toBe(true);
    expect(made.state).toBe('closed');
  });

  it('keeps its order whatever comes: never more probes than allowed, never a request while open', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const) }),
      fc.record({
        kind: fc.constant('answer' as const),
        outcome: fc.constantFrom<RequestOutcome>('succeeded', 'failed', 'abandoned'),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 6_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { made, turns, pass } = breaker();
        const running: { pass: number; probe: boolean }[] = [];
        for (const one of steps) {
          if (one.kind === 'wait') pass(one.ms);
          else if (one.kind === 'ask') {
            const shut = made.openForMs > 0;
            const admitted = made.admit();
            if (shut) expect(admitted).toBeUndefined();
            if (made.state === 'closed') expect(admitted).toBeDefined();
            if (admitted !== undefined) {
              running.push({ pass: admitted, probe: made.state === 'half-open' });
            }
            const probes = running.filter((each) => each.probe && each.pass === admitted);
            expect(probes.length).toBeLessThanOrEqual(options.probes);
          } else {
            const ended = running.shift();
            if (ended !== undefined) made.done(ended.pass, one.outcome);
          }
        }
        const next = { closed: ['open'], open: ['half-open'], 'half-open': ['closed', 'open'] };
        let state: BreakerState = 'closed';
        for (const turn of turns) {
          expect(next[state]).toContain(turn);
          state = turn;
        }
        // Whatever was: it finds back when the upstream does.
        for (const { pass: old } of running) made.done(old, 'abandoned');
        pass(5_000);
        for (let count = 0; count < 100; count += 1) {
          const admitted = made.admit();
          if (admitted !== undefined) made.done(admitted, 'succeeded');
        }
        expect(made.state).toBe('closed');
      }),
    );
  });
});

describe('ejection', () => {
  const options = { failures: 3, baseMs: 1_000, maxMs: 8_000, maxShare: 0.5 };

  it('comes after failures in a row, each time for twice as long, up to the longest', () => {
    const { now, pass } = clock();
    const ejection = new Ejection(options, now);
    const marks = [newEjectionMark(), newEjectionMark()];
    const [mark] = marks as [(typeof marks)[0]];
    const fail = () => ejection.failed(mark, marks);
    fail();
    fail();
    mark.failures = 0;
    expect([fail(), fail()]).toEqual([undefined, undefined]);
    const out: (number | undefined)[] = [fail()];
    for (let time = 0; time < 5; time += 1) {
      pass(out.at(-1) as number);
      fail();
      fail();
      out.push(fail());
    }
    expect(out).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    pass(8_000 + 8_001);
    fail();
    fail();
    expect(fail()).toBe(1_000);
  });

  it('never has more out than its share, whichever fail and come back', () => {
    const step = fc.tuple(fc.nat(9), fc.boolean(), fc.integer({ min: 0, max: 900 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(step, { maxLength: 300 }),
        (count, percent, steps) => {
          const { now, pass } = clock();
          const maxShare = percent / 100;
          const ejection = new Ejection({ ...options, maxShare }, now);
          const marks = Array.from({ length: count }, newEjectionMark);
          for (const [index, fails, ms] of steps) {
            const mark = marks[index % count] as (typeof marks)[0];
            if (fails) ejection.failed(mark, marks);
            else mark.failures = 0;
            const out = marks.filter(({ until }) => until > now()).length;
            expect(out).toBeLessThanOrEqual(count * maxShare);
            pass(ms);
          }
        },
      ),
    );
  });
});

describe('a retry budget', () => {
  it('allows no more than its share of requests and its minimum, in any 9 s', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 700 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { now, pass } = clock();
        const budget = new RetryBudget({ share: 0.2, minPerSecond: 1 }, now);
        const requests: number[] = [];
        const retries: number[] = [];
        const recent = (times: number[], ms: number) =>
          times.filter((time) => time > now() - ms).length;
        for (const [count, ms] of steps) {
          for (let index = 0; index < count; index += 1) {
            budget.request();
            requests.push(now());
            if (budget.tryRetry()) retries.push(now());
          }
          expect(recent(retries, 9_000)).toBeLessThanOrEqual(10 + 0.2 * recent(requests, 19_000));
          pass(ms);
        }
      }),
    );
  });

  it('is spent by as many retries as it has, and has them again later', () => {
    const { now, pass } = clock();
    const budget = new RetryBudget({ share: 0.1, minPerSecond: 0 }, now);
    for (let count = 0; count < 30; count += 1) budget.request();
    expect([1, 2, 3, 4].map(() => budget.tryRetry())).toEqual([true, true, true, false]);
    expect(budget.describe()).toEqual({ requests: 30, retries: 3, left: 0 });
    pass(10_000);
    for (let count = 0; count < 10; count += 1) budget.request();
    expect(budget.tryRetry()).toBe(true);
  });
});

describe('rendezvous hashing', () => {
  const members = (names: readonly string[]) => names.map((name) => ({ name, seed: hashOf(name) }));
  const names = fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength: 12 });

  it('moves only the keys of a member that goes, and takes only for one that comes', () => {
    fc.assert(
      fc.property(names, fc.array(fc.string(), { maxLength: 100 }), (addresses, keys) => {
        const all = members(addresses);
        const gone = all[0];
        const left = all.slice(1);
        for (const key of keys) {
          const before = highestFor(hashOf(key), all);
          const after = highestFor(hashOf(key), left);
          if (before !== gone) expect(after).toBe(before);
        }
      }),
    );
  });

  it('gives the same whatever the order, and another one for a member that was tried', () => {
    fc.assert(
      fc.property(names, fc.string(), (addresses, key) => {
        const all = members(addresses);
        const first = highestFor(hashOf(key), all);
        expect(highestFor(hashOf(key), all.toReversed())).toBe(first);
        const second = highestFor(hashOf(key), all, new Set(first && [first]));
        expect(second).toBeDefined();
        expect(second).not.toBe(first);
      }),
    );
  });

  it('gives each member about its part of the keys', () => {
    const all = members(Array.from({ length: 8 }, (_, index) => `10.0.0.${index + 1}:3000`));
    const counts = new Map(all.map((member) => [member, 0]));
    for (let key = 0; key < 16_000; key += 1) {
      const member = highestFor(hashOf(`user-${key}`), all) as (typeof all)[0];
      counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan(1_700);
      expect(count).toBeLessThan(2_300);
    }
  });
});

describe('a concurrency limit', () => {
  it('never lets more in than its maximum, and all in again when they left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean()), (maxInFlight, steps) => {
        const limit = new ConcurrencyLimit({ maxInFlight, adaptive: undefined }, () => 0);
        let inside = 0;
        for (const enters of steps) {
          if (enters) {
            const entered = limit.tryEnter();
            expect(entered).toBe(inside < maxInFlight);
            if (entered) inside += 1;
          } else if (inside > 0) {
            limit.leave();
            inside -= 1;
          }
          expect(limit.describe().inFlight).toBe(inside);
        }
      }),
    );
  });
});

describe('an adaptive limit', () => {
  const options = { initial: 20, min: 1, max: 1_000, tolerance: 1.5 };

  /** An upstream of `workers` that take `serviceMs` each, asked for as much as the limit lets in. */
  function saturated(limit: AdaptiveLimit, time: ReturnType<typeof clock>, ms: number) {
    return (workers: number, serviceMs: number) => {
      const until = time.now() + ms;
      while (time.now() < until) {
        const inFlight = limit.limit;
        limit.refused();
        const latencyMs = serviceMs * Math.max(1, inFlight / workers);
        time.pass(serviceMs / Math.min(inFlight, workers));
        limit.sample(latencyMs, inFlight);
      }
    };
  }

  it('settles where an upstream is used whole and its latency is not three times as long', () => {
    for (const workers of [10, 50, 200]) {
      const time = clock();
      const limit = new AdaptiveLimit(options, time.now);
      saturated(limit, time, 120_000)(workers, 20);
      const { limit: settled, measuring } = limit.describe();
      if (!measuring) {
        expect(settled).toBeGreaterThanOrEqual(workers);
        expect(settled).toBeLessThanOrEqual(workers * 3);
      }
    }
  });

  it('follows an upstream that gets fewer workers, and more again', () => {
    const time = clock();
    const limit = new AdaptiveLimit(options, time.now);
    const run = saturated(limit, time, 60_000);
    run(100, 20);
    const wide = limit.describe().limit;
    run(10, 20);
    const narrow = limit.describe().limit;
    expect(narrow).toBeLessThan(wide / 2);
    run(100, 20);
    expect(limit.describe().limit).toBeGreaterThan(narrow * 2);
  });

  it('does not grow while little of it is used', () => {
    const time = clock();
    const limit = new AdaptiveLimit(options, time.now);
    for (let count = 0; count < 10_000; count += 1) {
      time.pass(5);
      limit.sample(20, 3);
    }
    expect(limit.limit).toBe(20);
  });

  it('goes back to where it began when an overload is over, so that a burst passes', () => {
    const time = clock();
    const limit = new AdaptiveLimit(options, time.now);
    saturated(limit, time, 20_000)(1, 2);
    expect(limit.limit).toBeLessThan(10);
    for (let count = 0; count < 2_000; count += 1) {
      time.pass(5);
      limit.sample(2, 1);
    }
    expect(limit.limit).toBeGreaterThanOrEqual(20);
    expect(limit.limit).toBeLessThan(30);
  });

  it('stays between its least and its most, whatever is measured', () => {
    const sample = fc.tuple(
      fc.double({ min: 0, max: 60_000, noNaN: true }),
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 0, max: 200 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 500 }), (samples) => {
        const time = clock();
        const limit = new AdaptiveLimit({ ...options, max: 100 }, time.now);
        for (const [latencyMs, inFlight, ms, refused] of samples) {
          time.pass(ms);
          if (refused) limit.refused();
          limit.sample(latencyMs, inFlight);
          expect(limit.limit).toBeGreaterThanOrEqual(1);
          expect(limit.limit).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  /**
   * An upstream of `workers` in a time that is only counted: requests arrive by chance at `rate`,
   * each takes `serviceMs` of one worker.
   */
  function offer(
    limit: ConcurrencyLimit,
    time: ReturnType<typeof clock>,
    chance: () => number,
    takes = (serviceMs: number) => serviceMs,
  ) {
    return (workers: number, serviceMs: number, rate: number, seconds: number) => {
      const freeAt = Array.from({ length: workers }, () => time.now());
      const running: { readonly began: number; readonly ends: number }[] = [];
      const latencies: number[] = [];
      let refused = 0;
      const endsAt = time.now() + seconds * 1000;
      let arrivesAt = time.now();
      while (arrivesAt < endsAt || running.length > 0) {
        running.sort((one, other) => one.ends - other.ends);
        const next = running[0];
        if (next !== undefined && (next.ends <= arrivesAt || arrivesAt >= endsAt)) {
          running.shift();
          time.pass(Math.max(0, next.ends - time.now()));
          limit.sample(next.ends - next.began);
          limit.leave();
          latencies.push(next.ends - next.began);
          continue;
        }
        time.pass(Math.max(0, arrivesAt - time.now()));
        if (limit.tryEnter()) {
          const worker = freeAt.indexOf(Math.min(...freeAt));
          const ends = Math.max(time.now(), freeAt[worker] as number) + takes(serviceMs);
          freeAt[worker] = ends;
          running.push({ began: time.now(), ends });
        } else refused += 1;
        arrivesAt += (-Math.log(1 - chance()) * 1000) / rate;
      }
      latencies.sort((one, other) => one - other);
      return {
        perSecond: latencies.length / seconds,
        refusedShare: refused / (refused + latencies.length),
        p99: latencies[Math.floor(latencies.length * 0.99)] as number,
      };
    };
  }

  function adaptiveLimit(time: ReturnType<typeof clock>) {
    const adaptive = { initial: 20, min: 1, tolerance: 1.5 };
    return new ConcurrencyLimit({ maxInFlight: 1024, adaptive }, time.now);
  }

  /** The same numbers each time. */
  function chances(state: number) {
    return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  }

  it.each([
    [10, 20],
    [1, 2],
    [4, 8],
    [50, 100],
  ])(
    'keeps goodput and latency of %i workers of %i ms under three times their load',
    (...shape) => {
      const time = clock();
      const run = offer(adaptiveLimit(time), time, chances(1));
      const normal = run(...shape, 250, 20);
      const over = run(...shape, 1_500, 60);
      expect(over.perSecond).toBeGreaterThan(450);
      expect(over.p99).toBeLessThan(3 * normal.p99);
    },
  );

  it.each([
    [50, 100],
    [10, 20],
    [4, 8],
  ])(
    'refuses hardly any of half of what %i workers of %i ms can do, however the times vary',
    (...shape) => {
      for (let seed = 1; seed <= 8; seed += 1) {
        const chance = chances(seed);
        const time = clock();
        const varying = (serviceMs: number) => -Math.log(1 - chance()) * serviceMs;
        const run = offer(adaptiveLimit(time), time, chance, varying);
        run(...shape, 250, 10);
        expect(run(...shape, 250, 60).refusedShare).toBeLessThan(0.005);
      }
    },
  );

  it('lets all pass again after an overload', () => {
    const time = clock();
    const run = offer(adaptiveLimit(time), time, chances(1));
    run(50, 100, 250, 10);
    run(50, 100, 1_500, 60);
    run(50, 100, 250, 2);
    expect(run(50, 100, 250, 30).refusedShare).toBeLessThan(0.005);
  });

  it('takes one slow answer in twenty for no queue', () => {
    const time = clock();
    const limit = new AdaptiveLimit(options, time.now);
    for (let count = 1; count <= 10_000; count += 1) {
      time.pass(2);
      limit.sample(count % 20 === 0 ? 3_000 : 20, 12);
    }
    expect(limit.limit).toBeGreaterThanOrEqual(20);
  });

  it('sees a queue whose clients give up before their answers', () => {
    const time = clock();
    const limit = new AdaptiveLimit(options, time.now);
    const seconds = (count: number, happens: () => void) => {
      for (const until = time.now() + count * 1_000; time.now() < until; time.pass(2)) happens();
    };
    seconds(1, () => limit.sample(20, 15));
    const before = limit.limit;
    seconds(1, () => limit.abandoned(15, 15));
    expect(limit.limit).toBe(before);
    seconds(1, () => limit.abandoned(300, 15));
    expect(limit.limit).toBeLessThan(10);
  });
});
