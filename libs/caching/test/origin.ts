/** What a cache reads through to: a map that counts how often it is asked, and can be held up. */
export interface Origin {
  readonly values: Map<string, unknown>;
  /** How often each key was loaded. */
  loads(key: string): number;
  load(key: string): () => Promise<unknown>;
}

/** @param delayMs between reading the value and giving it, where a write can slip in. */
export function createOrigin(delayMs = 0): Origin {
  const values = new Map<string, unknown>();
  const counts = new Map<string, number>();
  return {
    values,
    loads: (key) => counts.get(key) ?? 0,
    load: (key) => async () => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const value = values.get(key);
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return value;
    },
  };
}

/** A load that waits until it is told how to end. */
export function heldLoad<T>(): {
  readonly load: () => Promise<T>;
  readonly started: Promise<void>;
  readonly hasStarted: () => boolean;
  readonly end: (value: T) => void;
  readonly fail: (error: Error) => void;
} {
  let hasStarted = false;
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { promise, resolve: end, reject: fail } = Promise.withResolvers<T>();
  return {
    load: () => {
      hasStarted = true;
      start();
      return promise;
    },
    started,
    hasStarted: () => hasStarted,
    end,
    fail,
  };
}
