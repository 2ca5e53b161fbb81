import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findPromtool } from '../src/promtool.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'prometheus');

interface Rule {
  readonly expr: string;
  readonly record?: string;
  readonly alert?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

interface UnitTest {
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly object[];
  }[];
  readonly input_series: readonly { readonly series: string }[];
}

const read = (path: string): unknown => parse(readFileSync(join(folder, path), 'utf8'));
const testFiles = globSync('tests/*.test.yml', { cwd: folder }).toSorted();
const rules = globSync('rules/*.yml', { cwd: folder }).flatMap((file) =>
  (read(file) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const unitTests = testFiles.flatMap((file) => (read(file) as { tests: UnitTest[] }).tests);

const promtool = await findPromtool();
const reason = typeof promtool === 'string' ? ` (skipped: ${promtool})` : '';

describe.skipIf(typeof promtool === 'string')(`promtool${reason}`, { timeout: 120_000 }, () => {
  const run = promtool as Exclude<typeof promtool, string>;

  it('accepts the configuration and its rules', async () => {
    expect(await run('check', 'config', '--lint=all', '--lint-fatal', 'prometheus.yml')).toContain(
      'SUCCESS',
    );
  });

  it.each(testFiles)('finds that %s passes', async (file) => {
    expect(await run('test', 'rules', file)).toContain('SUCCESS');
  });
});

describe('the rules', () => {
  it('are recorded under level:metric:operations', () => {
    const names = rules.flatMap(({ record }) => record ?? []);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(name).toMatch(/^[a-z_]+:[a-z_]+:[a-z][a-z0-9_]*$/);
    expect(new Set(names).size).toBe(names.length);
  });

  it('leave every stream of the gateway out of latency, and nothing else', () => {
    const { routes } = parse(readFileSync(join(root, 'apps/gateway/gateway.yaml'), 'utf8')) as {
      routes: { path: string; endpoint: object }[];
    };
    const streams = routes.filter(({ endpoint }) => 'stream' in endpoint).map(({ path }) => path);
    const patterns = rules
      .flatMap(({ expr }) => [...expr.matchAll(/http_route!~"([^"]+)"/g)])
      .map(([, pattern]) => pattern);
    const [pattern = ''] = patterns;
    expect(new Set(patterns)).toEqual(new Set([pattern]));
    const left = routes.map(({ path }) => path).filter((path) => anchored(pattern).test(path));
    expect(left.toSorted()).toEqual(streams.toSorted());
  });

  it.each(alerts.map((rule) => [rule.alert as string, rule] as const))(
    '%s has a severity, words, and a page that says what to do',
    (alert, { labels, annotations }) => {
      expect(labels?.severity).toMatch(/^(page|ticket)$/);
      expect(annotations?.['summary']).toBeTruthy();
      expect(annotations?.['description']).toMatch(/\.$/);
      const [page = '', anchor = ''] = (annotations?.['runbook_url'] ?? '').split('#');
      const section = readFileSync(join(root, page), 'utf8')
        .split(/^## /m)
        .find((text) => text.toLowerCase().startsWith(`${anchor}\n`));
      expect(section).toContain(`\`${alert}\``);
    },
  );

  it.each(alerts.map(({ alert }) => alert as string))(
    '%s has a test in which it fires, beside series or moments for which it must not',
    (alert) => {
      const mine = unitTests.flatMap(({ alert_rule_test = [], input_series }) =>
        alert_rule_test
          .filter(({ alertname }) => alertname === alert)
          .map(({ exp_alerts }) => ({ fired: exp_alerts.length, series: input_series.length })),
      );
      expect(mine.some(({ fired }) => fired > 0)).toBe(true);
      // Either a check that expects none, or more series than those that fire.
      expect(mine.some(({ fired, series }) => fired === 0 || fired < series)).toBe(true);
    },
  );
});

/** As Prometheus matches: the whole of a label. */
function anchored(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}
