import { onTestFinished } from 'vitest';

export interface Load {
  /** Each answer's status, or the error of a request that had none, in order. */
  readonly results: readonly (number | string)[];
  /** Resolves when the last request has ended. */
  stop(): Promise<void>;
}

/** Keeps `workers` clients asking, one request after another, reads and writes in turn. */
export function startLoad(url: string, workers: number): Load {
  const results: (number | string)[] = [];
  let running = true;
  const working = Array.from({ length: workers }, async (_, index) => {
    const init = index % 2 === 0 ? {} : { method: 'POST', body: 'x' };
    while (running) {
      try {
        const response = await fetch(url, init);
        await response.arrayBuffer();
        results.push(response.status);
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } };
        results.push(cause?.code ?? String(error));
        // A server that is gone answers at once: not to spin on it.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  });
  const stop = async () => {
    running = false;
    await Promise.all(working);
  };
  onTestFinished(stop);
  return { results, stop };
}
