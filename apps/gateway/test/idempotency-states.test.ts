import { describeWithRedis, redisUrl, uniqueName } from '@woodytoys/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryStates } from '../src/filters/idempotency/memory-states.ts';
import { createRedisStates } from '../src/filters/idempotency/redis-states.ts';
import { DIED } from '../src/filters/idempotency/states.ts';
import type { Begun, KeyStates } from '../src/filters/idempotency/states.ts';

const LEASE_MS = 60_000;
const TTL_MS = 600_000;

/** A key of its own in a store, whose lease can be let run out. */
interface Subject {
  readonly states: KeyStates;
  readonly key: string;
  loseLease(): Promise<void>;
}

/** What the store has to do, said in the plainest way. */
class Model {
  state: 'none' | 'running' | 'done' | 'unknown' = 'none';
  fingerprint = '';
  token = '';
  attempt = 0;
  detail = '';
  alive = false;

  begin(fingerprint: string, token: string, rerun: boolean): Begun {
    if (this.state !== 'none' && this.fingerprint !== fingerprint) return { state: 'reused' };
    if (this.state === 'done') return { state: 'done', answer: this.detail };
    if (this.state === 'running' && this.alive) return { state: 'running' };
    if (this.state === 'running' && !rerun) [this.state, this.detail] = ['unknown', DIED];
    if (this.state === 'unknown' && !rerun) return { state: 'unknown', reason: this.detail };
    this.attempt = this.state === 'none' ? 1 : this.attempt + 1;
    [this.state, this.fingerprint, this.token, this.alive] = ['running', fingerprint, token, true];
    return { state: 'begun', attempt: this.attempt };
  }

  renew(token: string): boolean {
    if (this.state !== 'running' || this.token !== token) return false;
    return (this.alive = true);
  }

  end(token: string, kind: 'done' | 'free' | 'unknown', detail: string): boolean {
    if (this.state === 'none' || this.state === 'done' || this.token !== token) return false;
    [this.state, this.detail] = [kind === 'free' ? 'none' : kind, detail];
    return true;
  }
}

type Step =
  | { readonly do: 'begin'; readonly fingerprint: string; readonly rerun: boolean }
  | { readonly do: 'renew'; readonly run: number }
  | { readonly do: 'end'; readonly run: number; readonly kind: 'done' | 'free' | 'unknown' }
  | { readonly do: 'loseLease' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      fingerprint: fc.constantFrom('a', 'a', 'a', 'b'),
      rerun: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('renew' as const), run: fc.nat(4) }),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      run: fc.nat(4),
      kind: fc.constantFrom('done' as const, 'free' as const, 'unknown' as const),
    }),
  },
  fc.constant({ do: 'loseLease' as const }),
);

/** Each step on the store and on the model, by whichever run, late ones included. */
async function followsModel({ states, key, loseLease }: Subject, steps: readonly Step[]) {
  const model = new Model();
  const tokens: string[] = ['never-begun'];
  for (const [index, one] of steps.entries()) {
    if (one.do === 'loseLease') {
      await loseLease();
      model.alive = false;
    } else if (one.do === 'begin') {
      const token = `token-${index}`;
      const { fingerprint, rerun } = one;
      const timing = { leaseMs: LEASE_MS, ttlMs: TTL_MS };
      const begun = await states.begin(key, { fingerprint, token, rerun, ...timing });
      expect(begun).toEqual(model.begin(fingerprint, token, rerun));
      if (begun.state === 'begun') tokens.push(token);
    } else {
      const token = tokens.at(-1 - (one.run % tokens.length)) as string;
      if (one.do === 'renew') {
        expect(await states.renew(key, token, LEASE_MS, TTL_MS)).toBe(model.renew(token));
      } else {
        const detail = `detail-${index}`;
        const ending =
          one.kind === 'done'
            ? { kind: one.kind, answer: detail }
            : one.kind === 'unknown'
              ? { kind: one.kind, reason: detail }
              : { kind: one.kind };
        expect(await states.end(key, token, ending, TTL_MS)).toBe(
          model.end(token, one.kind, one.kind === 'free' ? '' : detail),
        );
      }
    }
  }
}

const steps = fc.array(step, { minLength: 5, maxLength: 40 });

describe('idempotency keys in the process', () => {
  it('go through the states of the model, whoever steps in whichever order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        let now = 0;
        const states = new MemoryStates({ now: () => now });
        const loseLease = async () => void (now += LEASE_MS);
        // So much time passes that nothing may be forgotten for its age.
        fc.pre(all.filter((one) => one.do === 'loseLease').length * LEASE_MS < TTL_MS);
        await followsModel({ states, key: 'key', loseLease }, all);
      }),
    );
  });

  it('are forgotten after their time', async () => {
    let now = 0;
    const states = new MemoryStates({ now: () => now });
    const begin = (token: string) =>
      states.begin('key', { fingerprint: 'a', token, leaseMs: 10, ttlMs: 1_000, rerun: false });
    await begin('one');
    await states.end('key', 'one', { kind: 'done', answer: 'x' }, 1_000);
    now = 999;
    expect(await begin('two')).toEqual({ state: 'done', answer: 'x' });
    now = 1_000;
    expect(await begin('three')).toEqual({ state: 'begun', attempt: 1 });
  });

  it('are refused when there is no room, and not forgotten before their time', async () => {
    let now = 0;
    const states = new MemoryStates({ now: () => now, maxBytes: 1_000 });
    const begin = (key: string) =>
      states.begin(key, { fingerprint: 'a', token: key, leaseMs: 10, ttlMs: 1_000, rerun: false });
    await begin('one');
    await states.end('one', 'one', { kind: 'done', answer: 'x'.repeat(600) }, 1_000);
    await expect(begin('two')).rejects.toThrow('no room');
    expect(await begin('one')).toMatchObject({ state: 'done' });
    now = 1_000;
    expect(await begin('two')).toMatchObject({ state: 'begun' });
  });
});

describeWithRedis('idempotency keys in Redis', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(redisUrl());
  });
  afterAll(() => redis.quit());

  const subject = (): Subject => {
    const prefix = `${uniqueName('test')}:`;
    const states = createRedisStates(
      {
        url: redisUrl(),
        call: (command, ...args) => redis.call(command, ...args),
        on: () => undefined,
        off: () => undefined,
      },
      prefix,
    );
    const loseLease = async () => {
      if (await redis.exists(`${prefix}key`)) await redis.hset(`${prefix}key`, 'u', '0');
    };
    return { states, key: 'key', loseLease };
  };

  it('go through the states of the model, whoever steps in whichever order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, (all) => followsModel(subject(), all)),
      { numRuns: 60 },
    );
  }, 60_000);

  it('begin once, however many begin at the same time', async () => {
    const { states, key } = subject();
    const begun = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        states.begin(key, {
          ...{ fingerprint: 'a', token: `t${index}`, leaseMs: LEASE_MS, ttlMs: TTL_MS },
          rerun: true,
        }),
      ),
    );
    expect(begun.filter(({ state }) => state === 'begun')).toHaveLength(1);
    expect(begun.filter(({ state }) => state === 'running')).toHaveLength(49);
  });

  it('are forgotten after their time, and lose their lease by the clock of Redis', async () => {
    const { states, key } = subject();
    const timing = { leaseMs: 50, ttlMs: 400 };
    const begin = (token: string) =>
      states.begin(key, { fingerprint: 'a', token, rerun: false, ...timing });
    await begin('one');
    await expect.poll(() => begin('two')).toEqual({ state: 'unknown', reason: DIED });
    await expect
      .poll(() => begin('three'), { timeout: 5_000 })
      .toEqual({ state: 'begun', attempt: 1 });
  });
});
