import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tree } from '@nx/devkit';
import { FsTree } from 'nx/src/generators/tree';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serviceGenerator } from '../src/service/generator.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the generator of services', { timeout: 120_000 }, () => {
  // This workspace, of which nothing is written back to the disk.
  let tree: Tree;
  beforeEach(() => {
    tree = new FsTree(root, false);
  });
  const read = (path: string) => tree.read(path, 'utf8') ?? '';

  const refusals: readonly [string, string, RegExp][] = [
    ['Payment', 'a', /"Payment" is no name of a service; expected 2 to 40 lower-case letters/],
    ['pay_ment', 'a', /such as payment or gift-card/],
    ['gift--card', 'a', /single hyphens/],
    ['-gift', 'a', /"-gift" is no name/],
    ['payment2', 'a', /lower-case letters/],
    ['../payment', 'a', /lower-case letters/],
    ['x'.repeat(41), 'a', /2 to 40/],
    ['user', 'thing', /"user" is taken by apps\/user; choose another name/],
    ['metrics', 'thing', /"metrics" is taken by libs\/metrics; choose another name/],
    ['redis', 'thing', /"redis" is taken by a container of compose/],
    ['logistics-worker', 'thing', /"logistics-worker" is taken/],
    ['postgres', 'thing', /"postgres" is taken/],
    ['sample', 'event', /"event" means something else .* --resource/],
    ['sample', 'user', /a route \/api\/users already; .* --resource/],
    ['sample', 'Bad', /"Bad" is no resource/],
  ];
  it.each(refusals)(
    'refuses %s with the resource %s, and says why',
    async (name, resource, text) => {
      await expect(serviceGenerator(tree, { name, resource })).rejects.toThrow(text);
    },
  );

  it('names the resource apart from the service, with its plural', async () => {
    await serviceGenerator(tree, { name: 'sample', resource: 'sample-entry' });
    expect(tree.children('apps/sample/src').toSorted()).toEqual([
      'app.ts',
      'contract.ts',
      'events.ts',
      'main.ts',
      'sample-entries-repository.ts',
      'sample-entries.ts',
      'seed.ts',
    ]);
    expect(read('apps/sample/migrations/0001_sample_entries.sql')).toContain(
      'CREATE TABLE sample_entries (',
    );
    expect(read('apps/sample/src/app.ts')).toContain('createSampleApp');
    const { routes } = parse(read('apps/gateway/gateway.yaml')) as { routes: unknown[] };
    expect(routes.slice(-2)).toEqual([
      {
        path: '/api/sample-entries',
        methods: ['GET', 'POST'],
        endpoint: { http: { upstream: 'sample', path: '/sample-entries' } },
      },
      {
        path: '/api/sample-entries/{id}',
        methods: ['GET'],
        endpoint: { http: { upstream: 'sample', path: '/sample-entries/{id}' } },
      },
    ]);
    expect(existsSync(join(root, 'apps/sample'))).toBe(false);
  });

  it('adds lines, and changes none but lists in one line and the limit of connections', async () => {
    const files = ['docker-compose.yml', 'apps/gateway/gateway.yaml', 'prometheus/prometheus.yml'];
    const before = new Map(files.map((file) => [file, read(file)]));
    await serviceGenerator(tree, { name: 'sample' });
    for (const [file, text] of before) {
      const after = new Set(read(file).split('\n'));
      const gone = text.split('\n').filter((line) => !after.has(line));
      expect(gone.filter((line) => !/- names: \[|-cmax_connections=/.test(line))).toEqual([]);
      expect(after).toContainEqual(expect.stringContaining('sample'));
    }
  });

  it('makes room in PostgreSQL for the connections of many services', async () => {
    const limit = () => Number(/-cmax_connections=(\d+)/.exec(read('docker-compose.yml'))?.[1]);
    const services = () => {
      const secrets = read('infra/secrets/generate.mjs');
      return parse(/const services = [^[]*(\[[^\]]*\])/.exec(secrets)?.[1] ?? '') as string[];
    };
    const before = services();
    const added = ['sample-a', 'sample-b', 'sample-c'];
    for (const name of added) await serviceGenerator(tree, { name });
    expect(services()).toEqual([...before, ...added]);
    const databases = before.length + 3;
    expect(read('infra/pgbouncer/pgbouncer.ini')).toContain(
      `; Budget: ${databases} databases x (20 + 5) + 40 direct ones for migrations < max_connections (${limit()}).`,
    );
    expect(limit()).toBeGreaterThan(databases * 25 + 40);
  });
});
