import { threadCpuUsage } from 'node:process';

/**
 * The longest turn of the event loop while `work` runs, in milliseconds of this thread's own time on
 * a core: what else the machine does is not in it. Nothing else may run in the process meanwhile.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let running = true;
  let last = threadCpuUsage();
  const turn = () => {
    const now = threadCpuUsage();
    longest = Math.max(longest, (now.user - last.user + now.system - last.system) / 1000);
    last = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  running = false;
  return longest;
}
