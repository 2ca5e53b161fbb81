/**
 * A service as `npx nx g @woodytoys/tools:service sample-thing` makes it, in a copy of the workspace:
 * it has to pass every check as it is. The tests run in their order.
 */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyWorkspace } from './workspace-copy.ts';
import type { Finished, WorkspaceCopy } from './workspace-copy.ts';

const success = expect.objectContaining({ code: 0 });

describe('a generated service', { timeout: 180_000 }, () => {
  let copy: WorkspaceCopy;
  let generated: Finished;

  beforeAll(async () => {
    copy = await copyWorkspace();
    generated = await copy.run(
      'nx',
      'g',
      '@woodytoys/tools:service',
      'sample-thing',
      '--skipInstall',
    );
    expect(generated).toEqual(success);
    await copy.link('sample-thing');
  }, 180_000);
  afterAll(() => copy?.remove());

  const read = (path: string) => readFile(join(copy.root, path), 'utf8');

  it('says what to do next', () => {
    expect(generated.output).toContain('npm test -- --project sample-thing');
    expect(generated.output).toContain('/api/sample-things');
  });

  it('is formatted, and so is all that was changed for it', async () => {
    const changed = [...generated.output.matchAll(/^(?:CREATE|UPDATE) (\S+)/gm)].map(
      ([, path]) => path as string,
    );
    expect(changed).toEqual(
      expect.arrayContaining(['apps/sample-thing/src/sample-things.ts', 'docker-compose.yml']),
    );
    const checked = ['docs/reference', ...changed];
    expect(await copy.run('prettier', '--check', '--ignore-unknown', ...checked)).toEqual(success);
  });

  it('is type-checked, and so is what imports it', async () => {
    expect(
      await copy.run('tsc', '--build', 'apps/sample-thing', 'apps/standalone', 'infra'),
    ).toEqual(success);
  });

  it('keeps the layers, and builds', async () => {
    const projects = '@woodytoys/sample-thing,@woodytoys/standalone';
    const finished = await copy.run('nx', 'run-many', '-t', 'lint', 'build', '-p', projects);
    expect(finished).toEqual(success);
    expect(await read('apps/sample-thing/dist/main.js')).toContain('sample-things');
  });

  it('is told when it imports another app: the lint has seen it', async () => {
    const wrong = join(copy.root, 'apps/sample-thing/src/wrong.ts');
    await writeFile(wrong, "export { createUserApp } from '@woodytoys/user/app';\n");
    const finished = await copy.run('eslint', wrong);
    expect(finished.code).toBe(1);
    expect(finished.output).toContain('@nx/enforce-module-boundaries');
    await writeFile(wrong, '');
  });

  it('passes its own tests, against a real PostgreSQL', async () => {
    const results = join(copy.root, 'results.json');
    const finished = await copy.run(
      'vitest',
      'run',
      '--project=sample-thing',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${results}`,
    );
    expect(finished).toEqual(success);
    const { numPassedTests } = JSON.parse(await readFile(results, 'utf8')) as {
      numPassedTests: number;
    };
    expect(numPassedTests).toBeGreaterThanOrEqual(50);
  });

  it('is in the reference and in the project references, as it has to be', async () => {
    expect(await read('docs/reference/events.md')).toContain('`sample-thing.created`');
    expect(await read('docs/reference/configuration.md')).toContain('SAMPLE_THING_UPSTREAM');
    expect(await copy.run('nx', 'sync:check')).toEqual(success);
  });

  it('is linked by npm, which changes nothing else in the lockfile', async () => {
    const packages = async () =>
      (JSON.parse(await read('package-lock.json')) as { packages: object }).packages;
    const before = Object.keys(await packages());
    const install = ['install', '--package-lock-only', '--offline', '--ignore-scripts'];
    expect(await copy.run('npm', ...install)).toEqual(success);
    const after = Object.keys(await packages());
    expect(new Set(after)).toEqual(
      new Set([...before, 'apps/sample-thing', 'node_modules/@woodytoys/sample-thing']),
    );
  });

  const noCompose = missingCompose();
  it.skipIf(noCompose)(
    `is a container that waits for its secrets, and that others wait for${noCompose}`,
    async () => {
      const finished = await copy.run('docker', 'compose', 'config', '--format', 'json');
      expect(finished).toEqual(success);
      const { services, volumes } = JSON.parse(finished.output) as ComposeConfig;
      expect(services['sample-thing']).toMatchObject({
        image: 'woodytoys/sample-thing',
        read_only: true,
        build: { args: { APP: 'sample-thing' } },
        volumes: [{ source: 'secrets-sample-thing' }],
      });
      expect(services['gateway']?.depends_on).toHaveProperty('sample-thing');
      expect(services['secrets']?.volumes.map(({ source }) => source)).toContain(
        'secrets-sample-thing',
      );
      expect(volumes).toHaveProperty('secrets-sample-thing');
    },
  );

  it.skipIf(noCompose)(
    `stops while a backup is restored, as all that writes does${noCompose}`,
    async () => {
      const print = `import { applications } from './infra/src/compose.ts';
        console.log((await applications()).toSorted().join(' '));`;
      const finished = await copy.run('node', '--input-type=module', '--eval', print);
      expect(finished).toEqual(success);
      expect(finished.output.trim()).toBe(
        'console gateway logistics logistics-worker order order-worker product sample-thing user',
      );
    },
  );
});

interface ComposeConfig {
  readonly services: Readonly<
    Record<string, { depends_on: object; volumes: readonly { source: string }[] }>
  >;
  readonly volumes: object;
}

/** Why compose cannot read its file on this machine; empty when it can. */
function missingCompose(): string {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return '';
  } catch {
    return ' (skipped: there is no docker compose)';
  }
}
