import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BatcherOptions {
  /** How many items at most are applied together; default 100. The consumer's prefetch is as many. */
  readonly max?: number;
  /**
   * How long the first item of a batch waits for others, in milliseconds; default 20. With 0 it waits
   * for the batch before it alone, which is what costs a caller the least.
   */
  readonly lingerMs?: number;
  /**
   * Whether the items of a batch that failed are applied one by one; default true. A function says so
   * of an error: a batch may have been applied although its answer was lost.
   */
  readonly retryEach?: boolean | ((error: unknown) => boolean);
  /**
   * How long to rest after a batch, by how long it took, both in milliseconds; default not at all. What
   * nobody waits for can give way so to what somebody does.
   */
  readonly restMs?: (tookMs: number) => number;
}

/** What `apply` gives: a result for each item in the order of the items, or nothing. */
type Applied<Result> = [Result] extends [void] ? void : readonly Result[];

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** Runs something in the async context of the caller, which its trace is part of. */
  readonly inContext: <T>(work: () => T) => T;
}

/** So many failures with no success between them are the failure of what is behind, not of items. */
const failuresOfAnOutage = 3;

/** Who has waited for a failure this long is not made to wait for the next. */
const longFailureMs = 1_000;

/**
 * Applies the items of many deliveries or requests together, which is one transaction instead of a hundred. Each
 * caller waits for its own: its item was applied when the promise resolves, with the result that
 * `apply` gave for it. Items are applied in the order they came, one batch at a time, each in the
 * async context of its first item. When a batch fails, its items are applied one by one unless
 * `retryEach` is false, so that one that cannot be applied fails alone. Where they are not, and the
 * failure took longer than a second, what waited behind it fails with it.
 *
 * @param apply all or none of them; it may get an item again after a failure
 */
export function createBatcher<Item, Result = void>(
  apply: (items: readonly Item[]) => Promise<Applied<Result>>,
  { max = 100, lingerMs = 20, retryEach = true, restMs = () => 0 }: BatcherOptions = {},
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  const isRetried = (error: unknown) =>
    typeof retryEach === 'function' ? retryEach(error) : retryEach;

  async function applyTo(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const items = batch.map(({ item }) => item);
    const results = (await batch[0]?.inContext(() => apply(items))) as
      readonly Result[] | undefined;
    for (const [index, { resolve }] of batch.entries()) resolve(results?.[index] as Result);
  }

  async function applyAll(
    batch: readonly Waiting<Item, Result>[],
    startedAt: number,
  ): Promise<void> {
    try {
      await applyTo(batch);
    } catch (error) {
      if (batch.length > 1 && isRetried(error)) return applyEach(batch);
      const failed = [...batch];
      if (!isRetried(error) && performance.now() - startedAt > longFailureMs) {
        failed.push(...waiting);
        waiting = [];
      }
      for (const { reject } of failed) reject(error);
    }
  }

  async function applyEach(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    let failures = 0;
    let lastError: unknown;
    for (const one of batch) {
      if (failures >= failuresOfAnOutage) {
        one.reject(lastError);
        continue;
      }
      try {
        await applyTo([one]);
        failures = 0;
      } catch (error) {
        failures += 1;
        lastError = error;
        one.reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = true;
    const batch = waiting.slice(0, max);
    waiting = waiting.slice(max);
    const startedAt = performance.now();
    await applyAll(batch, startedAt);
    const rest = restMs(performance.now() - startedAt);
    if (rest > 0) await sleep(rest);
    running = false;
    schedule();
  }

  function schedule(): void {
    if (running || waiting.length === 0) return;
    if (waiting.length >= max || lingerMs === 0) void run();
    else timer ??= setTimeout(() => void run(), lingerMs);
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, resolve, reject, inContext: AsyncLocalStorage.snapshot() });
      schedule();
    });
}
