/** How long work may hold the event loop at a stretch, in ms. */
const SLICE_MS = 6;

/** Long work in slices, so that requests are answered in between. */
export interface Slices {
  /** Whether the slice under way has had its time; then `await next()`. */
  over(): boolean;
  /** Lets whatever waits for the event loop run, and begins the next slice. */
  next(): Promise<void>;
}

export function createSlices(sliceMs = SLICE_MS): Slices {
  let startedAt = performance.now();
  return {
    over: () => performance.now() - startedAt > sliceMs,
    async next() {
      await new Promise((resolve) => setImmediate(resolve));
      startedAt = performance.now();
    },
  };
}
