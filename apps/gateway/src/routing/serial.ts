/** Runs one work at a time. */
export interface Serial {
  /**
   * Runs it. A call while it runs gets the run that begins after this one, and so do all further
   * ones: what they want done may have come too late for the first.
   */
  run(): Promise<void>;
  /** Resolves when none runs and none waits; never rejects. */
  idle(): Promise<void>;
}

export function createSerial(work: () => Promise<void>): Serial {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function begin(): Promise<void> {
    const run = work().finally(() => {
      if (running === run) running = undefined;
    });
    running = run;
    return run;
  }

  async function afterRunning(): Promise<void> {
    await ended(running);
    next = undefined;
    await begin();
  }

  return {
    run() {
      if (next === undefined) {
        if (running === undefined) return begin();
        next = afterRunning();
      }
      return next;
    },
    async idle() {
      while (running !== undefined || next !== undefined) await ended(next ?? running);
    },
  };
}

/** Who asked for the run is told how it ended. */
async function ended(run: Promise<void> | undefined): Promise<void> {
  await run?.catch(() => undefined);
}
