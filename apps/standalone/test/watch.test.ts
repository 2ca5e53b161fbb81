import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@woodytoys/testing';
import { expect, test } from 'vitest';
import { allGone, workspace } from './fixtures/npm-start.ts';
import { survivors } from './fixtures/processes.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

test('npm run dev restarts on an edit, its database stays up, and Ctrl-C ends all of it', async () => {
  const started = start({ ...(await place()), args: ['--watch'] });
  await started.ready();
  const before = started.tree();

  const now = new Date();
  utimesSync(join(workspace, 'apps', 'user', 'openapi.yaml'), now, now);
  await waitFor(() => started.output().includes('restart    apps/'), 30_000);
  await waitFor(() => (started.output().match(/^ready /gm) ?? []).length > 1, 60_000);
  expect((await started.get('/api/1/1')).status).toBe(200);
  // Bootstrap, parent, PostgreSQL with its watchdog and background processes; not the old child.
  const stayed = survivors(before);
  expect(stayed.length).toBeGreaterThan(5);
  expect(stayed.length).toBeLessThan(before.length);

  const tree = started.tree();
  started.signalGroup('SIGINT');
  expect({ code: await started.exited, errors: started.errors() }).toEqual({ code: 0, errors: '' });
  await allGone(tree);
});
