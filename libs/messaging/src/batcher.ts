export interface BatcherOptions {
  /** How many items at most are applied together; default 100. The consumer's prefetch is as many. */
  readonly max?: number;
  /**
   * How long the first item of a batch waits for others, in milliseconds; default 20. With 0 it waits
   * for the batch before it alone, which is what costs a caller the least.
   */
  readonly lingerMs?: number;
  /** Whether the items of a batch that failed are applied one by one; default true. */
  readonly retryEach?: boolean;
}

interface Waiting<Item> {
  readonly item: Item;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** So many failures with no success between them are the failure of what is behind, not of items. */
const failuresOfAnOutage = 3;

/**
 * Applies the items of many deliveries or requests together, which is one transaction instead of a hundred. Each
 * caller waits for its own: its item was applied when the promise resolves. Items are applied in the
 * order they came, one batch at a time. When a batch fails, its items are applied one by one unless
 * `retryEach` is false, so that one that cannot be applied fails alone.
 *
 * @param apply all or none of them; it may get an item again after a failure
 */
export function createBatcher<Item>(
  apply: (items: readonly Item[]) => Promise<void>,
  { max = 100, lingerMs = 20, retryEach = true }: BatcherOptions = {},
): (item: Item) => Promise<void> {
  let waiting: Waiting<Item>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  async function applyAll(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      await apply(batch.map(({ item }) => item));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length > 1 && retryEach) await applyEach(batch);
      else for (const { reject } of batch) reject(error);
    }
  }

  async function applyEach(batch: readonly Waiting<Item>[]): Promise<void> {
    let failures = 0;
    let lastError: unknown;
    for (const { item, resolve, reject } of batch) {
      if (failures >= failuresOfAnOutage) {
        reject(lastError);
        continue;
      }
      try {
        await apply([item]);
        failures = 0;
        resolve();
      } catch (error) {
        failures += 1;
        lastError = error;
        reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = true;
    const batch = waiting.slice(0, max);
    waiting = waiting.slice(max);
    await applyAll(batch);
    running = false;
    schedule();
  }

  function schedule(): void {
    if (running || waiting.length === 0) return;
    if (waiting.length >= max || lingerMs === 0) void run();
    else timer ??= setTimeout(() => void run(), lingerMs);
  }

  return (item) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });
}
