/** The fingerprint of what is measured, over a real repository. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measuredSystem } from '../../src/report/system.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'woodytoys-system-'));
  git('init', '--quiet');
  await write('apps/user/src/main.ts', 'one');
  await commit();
});
afterEach(() => rm(folder, { recursive: true }));

function git(...args: readonly string[]): void {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
  execFileSync('git', [...who, '-c', 'commit.gpgsign=false', ...args], { cwd: folder });
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

async function commit(): Promise<void> {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'something');
}

describe('what is measured', () => {
  it.each([
    'docs/labs/results/lab4/report.md',
    'apps/user/README.md',
    'apps/user/test/main.test.ts',
    'libs/testing/src/index.ts',
    'loadtests/src/report/markdown.ts',
    'loadtests/src/labs/lab4/findings.ts',
    'scripts/testing/verdict.mjs',
  ])('is the same in commits that differ in %s alone', async (path) => {
    const before = await measuredSystem(folder);
    await write(path, 'new');
    // Not a change of what is measured either while it is not committed.
    expect(await measuredSystem(folder)).toEqual(before);
    await commit();
    const after = await measuredSystem(folder);
    expect(after.system).toBe(before.system);
    expect(after.revision).not.toBe(before.revision);
  });

  it.each([
    'apps/user/src/main.ts',
    'libs/new/src/index.ts',
    'loadtests/scenarios/lab4.ts',
    'loadtests/src/labs/lab4/steps.ts',
    'nginx/entry.conf',
    'docker-compose.yml',
    'package-lock.json',
  ])('is another with a change in %s, before and after it is committed', async (path) => {
    const before = await measuredSystem(folder);
    await write(path, 'new');
    const changed = await measuredSystem(folder);
    expect(changed.system).not.toBe(before.system);
    expect(changed.revision).toBe(`${before.revision} with changes that are not committed`);
    await commit();
    const after = await measuredSystem(folder);
    expect(after.system).toBe(changed.system);
    expect(after.revision).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is another where a file is gone', async () => {
    await write('apps/user/src/more.ts', 'more');
    await commit();
    const before = await measuredSystem(folder);
    await unlink(join(folder, 'apps/user/src/more.ts'));
    const { system, revision } = await measuredSystem(folder);
    expect(system).not.toBe(before.system);
    expect(revision).toContain('not committed');
  });

  it('is not known outside a repository', async () => {
    await rm(join(folder, '.git'), { recursive: true });
    expect(await measuredSystem(folder)).toEqual({ revision: 'unknown' });
  });
});
