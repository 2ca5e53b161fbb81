import { waitFor } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TransformTask } from '../src/filters/transform/task.ts';
import { TransformWorkers } from '../src/filters/transform/workers.ts';

function start(size: number, options?: { idleMs: number }): TransformWorkers {
  const workers = new TransformWorkers(size, options);
  onTestFinished(() => workers.close());
  return workers;
}

const task = (expression: string, timeoutMs = 20_000): TransformTask => ({
  expression,
  input: Buffer.from('{"a":1}'),
  inputIs: 'json',
  bindings: {},
  output: 'json',
  maxBytes: 1_000,
  timeoutMs,
});

/** Longer than it may take. */
const FOR_EVER = '($f := function($n) { $f($n + 1) }; $f(0))';

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('processes that transform', () => {
  it('start the first one before it is needed', async () => {
    const workers = start(2);
    expect(workers.processes).toEqual([]);
    await waitFor(() => workers.processes.length === 1);
  });

  it('are never more than they may be, and end when they have nothing to do, but for one', async () => {
    const workers = start(3, { idleMs: 1_500 });
    const made = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const output = await workers.run(task('a')).catch(({ kind }: { kind: string }) => kind);
        expect(workers.processes.length).toBeLessThanOrEqual(3);
        return output.toString();
      }),
    );
    // On a busy machine some wait too long for a process to start.
    expect(made.every((output) => output === '1' || output === 'busy')).toBe(true);
    await waitFor(() => workers.processes.length === 1);
    await waitFor(async () => (await workers.run(task('a + 1'))).toString() === '2');
  });

  it('refuse what waits for one for a second', async () => {
    const workers = start(1);
    await waitFor(() => workers.run(task('a')).catch(() => undefined));
    const long = workers.run(task(FOR_EVER, 4_000)).catch(({ kind }: { kind: string }) => kind);
    await expect(workers.run(task('a'))).rejects.toMatchObject({ kind: 'busy' });
    expect(await long).toBe('time');
  });

  it('end when they are closed, whatever they do', async () => {
    const workers = start(1);
    await waitFor(() => workers.run(task('a')).catch(() => undefined));
    const running = expect(workers.run(task(FOR_EVER))).rejects.toThrow();
    const [pid] = workers.processes as [number];
    expect(isAlive(pid)).toBe(true);
    workers.close();
    await running;
    await waitFor(() => !isAlive(pid));
    await expect(workers.run(task('a'))).rejects.toMatchObject({ kind: 'busy' });
  });
});
