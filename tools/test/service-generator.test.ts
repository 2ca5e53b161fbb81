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
    ['audit', 'event', /"event" means something else .* --resource/],
    ['account', 'user', /a route \/api\/users already; .* --resource/],
    ['account', 'Bad', /"Bad" is no resource/],
  ];
  it.each(refusals)(
    'refuses %s with the resource %s, and says why',
    async (name, resource, text) => {
      await expect(serviceGenerator(tree, { name, resource })).rejects.toThrow(text);
    },
  );

  it('names the resource apart from the service, with its plural', async () => {
    await serviceGenerator(tree, { name: 'billing', resource: 'tax-entry' });
    expect(tree.children('apps/billing/src').toSorted()).toEqual([
      'app.ts',
      'contract.ts',
      'events.ts',
      'main.ts',
      'seed.ts',
      'tax-entries-repository.ts',
      'tax-entries.ts',
    ]);
    expect(read('apps/billing/migrations/0001_tax_entries.sql')).toContain(
      'CREATE TABLE tax_entries (',
    );
    expect(read('apps/billing/src/app.ts')).toContain('createBillingApp');
    const { routes } = parse(read('apps/gateway/gateway.yaml')) as { routes: unknown[] };
    expect(routes.slice(-2)).toEqual([
      {
        path: '/api/tax-entries',
        methods: ['GET', 'POST'],
        endpoint: { http: { upstream: 'billing', path: '/tax-entries' } },
      },
      {
        path: '/api/tax-entries/{id}',
        methods: ['GET'],
        endpoint: { http: { upstream: 'billing', path: '/tax-entries/{id}' } },
      },
    ]);
    expect(existsSync(join(root, 'apps/billing'))).toBe(false);
  });

  it('adds lines, and changes none but lists in one line', async () => {
    const before = new Map<string, string>();
    const files = ['docker-compose.yml', 'apps/gateway/gateway.yaml', 'prometheus/prometheus.yml'];
    for (const file of files) before.set(file, read(file));
    await serviceGenerator(tree, { name: 'payment' });
    for (const file of files) {
      const after = new Set(read(file).split('\n'));
      const gone = before
        .get(file)
        ?.split('\n')
        .filter((line) => !after.has(line));
      expect(gone, file).toEqual(
        file === 'prometheus/prometheus.yml' ? [expect.stringContaining('- names: [')] : [],
      );
    }
  });

  it('makes room in PostgreSQL for the connections of many services', async () => {
    const limit = () => Number(/-cmax_connections=(\d+)/.exec(read('docker-compose.yml'))?.[1]);
    for (const name of ['aa', 'bb', 'cc']) await serviceGenerator(tree, { name });
    const databases = 3 + 3;
    const [, list = ''] =
      /const services = [^[]*(\[[^\]]*\])/.exec(read('infra/secrets/generate.mjs')) ?? [];
    expect(parse(list)).toEqual(['user', 'product', 'logistics', 'aa', 'bb', 'cc']);
    expect(read('infra/pgbouncer/pgbouncer.ini')).toContain(
      `; Budget: ${databases} databases x (20 + 5) + 40 direct ones for migrations < max_connections (${limit()}).`,
    );
    expect(limit()).toBeGreaterThan(databases * 25 + 40);
  });
});
