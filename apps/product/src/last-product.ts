/**
 * Runs `load` once at a time. Who asks while it runs gets the result of the next run: the one under
 * way may have begun before what they have written. However many ask, one runs and one waits.
 */
export function oneAtATime<T>(load: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;

  function start(): Promise<T> {
    next = undefined;
    const run = load();
    const ended = run
      .catch(() => {})
      .then(() => {
        if (running === ended) running = undefined;
      });
    running = ended;
    return run;
  }

  return () => {
    if (running === undefined) return start();
    return (next ??= running.then(start));
  };
}
