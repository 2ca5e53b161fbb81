/** Runs `work` once all that was given before it has ended, well or not. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** One piece of work at a time, as in a development server of Flask, which has one thread. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
