import { waitFor } from '@woodytoys/testing';
import { expect, test } from 'vitest';
import { allGone } from './fixtures/npm-start.ts';
import type { Started } from './fixtures/npm-start.ts';
import { killAll, treeOf } from './fixtures/processes.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

/** The platform's own process: the child of the bootstrap. */
function platformOf(started: Started): number {
  const [, platform] = started.tree();
  return platform?.pid ?? 0;
}

/** PostgreSQL's first process: the child of the platform that has most children itself. */
function postgresOf(started: Started): number {
  const platform = platformOf(started);
  const children = started.tree().filter(({ parent }) => parent === platform);
  const [first] = children.sort((a, b) => treeOf(b.pid).length - treeOf(a.pid).length);
  return first?.pid ?? 0;
}

test('SIGTERM to npm alone ends everything', async () => {
  const started = start({ ...(await place()), command: ['npm', 'start', '--silent'] });
  await started.ready();
  const tree = started.tree();
  process.kill(started.pid, 'SIGTERM');
  await started.exited;
  await allGone(tree);
});

test('kill -9 of npm alone ends everything', async () => {
  const started = start({ ...(await place()), command: ['npm', 'start', '--silent'] });
  await started.ready();
  const tree = started.tree();
  process.kill(started.pid, 'SIGKILL');
  await allGone(tree);
});

test('SIGTERM to the platform alone ends everything with code 0', async () => {
  const started = start(await place());
  await started.ready();
  const tree = started.tree();
  process.kill(platformOf(started), 'SIGTERM');
  expect(await started.exited).toBe(0);
  await allGone(tree);
});

test('kill -9 of the platform is told, with a code that is not 0, and leaves no PostgreSQL', async () => {
  const started = start(await place());
  await started.ready();
  const tree = started.tree();
  process.kill(platformOf(started), 'SIGKILL');
  expect(await started.exited).toBe(1);
  expect(started.errors()).toMatch(/^The platform's process was ended unexpectedly \(by SIGKILL\)/);
  await allGone(tree);
});

test('kill -9 of the bootstrap ends everything', async () => {
  const started = start(await place());
  await started.ready();
  const tree = started.tree();
  process.kill(started.pid, 'SIGKILL');
  await allGone(tree);
});

test('a killed database ends everything with one line and a code that is not 0', async () => {
  const here = await place();
  const started = start(here);
  await started.ready();
  const tree = started.tree();
  process.kill(postgresOf(started), 'SIGKILL');
  expect(await started.exited).toBe(1);
  expect(started.errors().trimEnd().split('\n')).toHaveLength(1);
  expect(started.errors()).toMatch(/^PostgreSQL has ended unexpectedly \(SIGKILL\)/);
  await allGone(tree);

  const next = start(here);
  await next.ready();
  expect((await next.get('/api/1/1')).status).toBe(200);
});

test.each([
  ['the database is made', 'database '],
  ['the seed data are made', 'seed '],
])('Ctrl-C while %s ends it with code 0, and the next start succeeds', async (_what, line) => {
  const here = await place();
  const broken = start(here);
  await waitFor(() => broken.output().includes(line), 60_000);
  const tree = broken.tree();
  broken.signalGroup('SIGINT');
  expect(await broken.exited).toBe(0);
  await allGone(tree);
  expect(broken.errors()).toBe('');

  const next = start(here);
  await next.ready();
  expect((await next.get('/api/1/1')).status).toBe(200);
});

test('reports that were accepted before kill -9 of the whole tree end after the next start', async () => {
  const here = { ...(await place()), environment: { SEED_SCALE: '0.2' } };
  const started = start(here);
  await started.ready();

  const accepted = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const response = await started.post('/api/reports', {});
      expect(response.status).toBe(202);
      return response.headers.get('location') ?? '';
    }),
  );
  const statusOf = async (from: Started, path: string) =>
    ((await from.get(path).then((answer) => answer.json())) as { status: string }).status;
  const last = await statusOf(started, accepted.at(-1) ?? '');
  const tree = started.tree();
  killAll(tree);
  // The test proves nothing unless work was left.
  expect(last).not.toBe('done');
  await allGone(tree);

  const next = start(here);
  await next.ready();
  await waitFor(async () => {
    const statuses = await Promise.all(accepted.map((path) => statusOf(next, path)));
    return statuses.every((status) => status === 'done');
  }, 60_000);
});
