import * as fc from 'fast-check';
import { expect } from 'vitest';
import { waitFor } from '@woodytoys/testing';
import type { Cache } from '../src/index.ts';
import type { RecordedMetrics } from './recorded-metrics.ts';

type Key = 'a' | 'b' | 'c';

/** A step of a history; `at` is the replica that takes it. */
export interface Step {
  /**
   * `write` and `remove` change the origin and invalidate. `begin` starts a load, which reads the
   * origin and is then held until an `end`, whatever is written in between.
   */
  readonly kind: 'get' | 'write' | 'remove' | 'begin' | 'end' | 'clear';
  readonly at: number;
  readonly key: Key;
}

export function histories(replicas: number): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({
    kind: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('get' as const, 'write' as const) },
      { weight: 6, arbitrary: fc.constantFrom('begin' as const, 'end' as const) },
      { weight: 3, arbitrary: fc.constantFrom('remove' as const, 'clear' as const) },
    ),
    at: fc.nat(replicas - 1),
    key: fc.constantFrom<Key>('a', 'b', 'c'),
  });
  return fc.array(step, { minLength: 1, maxLength: 40 });
}

export interface Replica {
  readonly cache: Cache;
  readonly metrics: RecordedMetrics;
}

interface HeldLoad {
  readonly answer: Promise<unknown>;
  readonly release: () => void;
}

/**
 * Runs a history, one step after the other, and checks that each read gives what the origin has:
 * every write is invalidated, so that anything else would be older than an invalidated write.
 */
export async function checkHistory(
  steps: readonly Step[],
  replicas: readonly Replica[],
  namespace: string,
): Promise<void> {
  // With several replicas the first level may lag by its messages: it is left out.
  const firstLevelMs = replicas.length > 1 ? 0 : 60_000;
  const policy = { ttlMs: 60_000, negativeTtlMs: 60_000, firstLevelMs };
  const views = replicas.map(({ cache }) => cache.namespace<number>(namespace, policy));
  const origin = new Map<Key, number>();
  const held = new Map<Key, HeldLoad>();
  /** Held loads that an invalidation has overtaken: what they read may be old. */
  const overtaken: HeldLoad[] = [];
  let writes = 0;

  const overtake = async (key: Key, at: number): Promise<void> => {
    const load = held.get(key);
    if (load === undefined) return;
    overtaken.push(load);
    held.delete(key);
    // Until a replica has heard of it, it lets further callers join the load.
    await heard(replicas, at);
  };

  for (const { kind, at, key } of steps) {
    const view = views[at]!;
    switch (kind) {
      case 'get':
        // It would wait for the load that is held.
        if (held.has(key)) break;
        expect(await view.get(key, async () => origin.get(key))).toBe(origin.get(key));
        break;
      case 'write':
      case 'remove':
        writes += 1;
        if (kind === 'write') origin.set(key, writes);
        else origin.delete(key);
        await view.invalidate(key);
        await overtake(key, at);
        break;
      case 'clear':
        await view.clear();
        for (const name of [...held.keys()]) await overtake(name, at);
        break;
      case 'begin': {
        if (held.has(key)) break;
        const gate = Promise.withResolvers<void>();
        const began = Promise.withResolvers<true>();
        const answer = view.get(key, async () => {
          const value = origin.get(key);
          began.resolve(true);
          await gate.promise;
          return value;
        });
        const loads = await Promise.race([began.promise, answer.then(() => false)]);
        if (loads) held.set(key, { answer, release: gate.resolve });
        else expect(await answer).toBe(origin.get(key));
        break;
      }
      case 'end': {
        const current = held.get(key);
        held.delete(key);
        current?.release();
        if (current !== undefined) expect(await current.answer).toBe(origin.get(key));
        const late = overtaken.shift();
        late?.release();
        await late?.answer;
        break;
      }
    }
  }
  for (const load of [...held.values(), ...overtaken]) load.release();
}

/** Waits until every replica has heard what replica `at` has said so far; messages keep order. */
async function heard(replicas: readonly Replica[], at: number): Promise<void> {
  const policy = { ttlMs: 60_000, firstLevelMs: 60_000 };
  const keptMark = async ({ cache, metrics }: Replica): Promise<boolean> => {
    const before = metrics.count('hit mark memory');
    await cache.namespace<number>('mark', policy).get('mark', async () => 1);
    return metrics.count('hit mark memory') > before;
  };
  const others = replicas.filter((_, index) => index !== at);
  for (const other of others) await waitFor(() => keptMark(other));
  await replicas[at]!.cache.namespace<number>('mark', policy).invalidate('mark');
  for (const other of others) await waitFor(async () => !(await keptMark(other)));
}
