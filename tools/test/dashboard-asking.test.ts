import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPrometheus } from '../src/dashboards/asking/prometheus.ts';
import { resolveVariables, stepOf, substitute } from '../src/dashboards/asking/substitution.ts';

const range = { from: 1_000, to: 1_900 };

describe('the variables of an expression', () => {
  const substitutes = { values: { service: '(a|b)' }, stepSeconds: 5, rangeSeconds: 900 };

  it('are replaced as Grafana does, and groups of label_replace are left alone', () => {
    const expr =
      'label_replace(rate(x{service=~"$service"}[$__rate_interval]), "a", "$1", "b", "")';
    expect(substitute(expr, substitutes)).toBe(
      'label_replace(rate(x{service=~"(a|b)"}[20s]), "a", "$1", "b", "")',
    );
    expect(substitute('x[$__range] offset $__interval', substitutes)).toBe('x[900s] offset 5s');
  });

  it('widen the rate with the step, and never below four scrapes', () => {
    const rateAt = (stepSeconds: number) =>
      substitute('$__rate_interval', { ...substitutes, stepSeconds });
    expect([1, 15, 16, 60].map(rateAt)).toEqual(['20s', '20s', '21s', '65s']);
  });

  it('that there are not are an error', () => {
    expect(() => substitute('x{a="$replica"}', substitutes)).toThrow(
      /names \$replica; there are service, __interval/,
    );
  });

  it('leave a step of a scrape for a quarter of an hour, and more for a day', () => {
    expect(stepOf(range)).toBe(5);
    expect(stepOf({ from: 0, to: 86_400 })).toBe(216);
  });
});

describe('a Prometheus', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Answers each path with what is given, and notes what was asked. */
  async function answering(answers: Readonly<Record<string, unknown>>) {
    const asked: URL[] = [];
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://prometheus');
      asked.push(url);
      const answer = answers[url.pathname];
      response.writeHead(answer === undefined ? 404 : 200);
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return { asked, prometheus: createPrometheus(`http://127.0.0.1:${port}`) };
  }

  it('is asked for what All stands for, one variable after the other', async () => {
    const { asked, prometheus } = await answering({
      '/api/v1/label/job/values': { status: 'success', data: ['a.b', 'c'] },
      '/api/v1/label/instance/values': { status: 'success', data: ['1:9400'] },
    });
    const values = await resolveVariables(
      prometheus,
      [
        { name: 'service', query: 'label_values(up, job)' },
        { name: 'one', query: 'label_values(up{job=~"$service"}, instance)' },
        { name: 'replica', query: 'label_values(up, instance)', allValue: '.+' },
      ],
      range,
    );
    expect(values).toEqual({ service: '(a\\\\.b|c)', one: '1:9400', replica: '.+' });
    expect(asked[1]?.searchParams.get('match[]')).toBe('up{job=~"(a\\\\.b|c)"}');
  });

  it('that finds no value for a variable is an error that names it', async () => {
    const { prometheus } = await answering({
      '/api/v1/label/job/values': { status: 'success', data: [] },
    });
    const variables = [{ name: 'service', query: 'label_values(up, job)' }];
    await expect(resolveVariables(prometheus, variables, range)).rejects.toThrow(
      '$service has no value: label_values(up, job) finds none',
    );
  });

  it('that refuses an expression is told with the expression', async () => {
    const { prometheus } = await answering({
      '/api/v1/query': { status: 'error', error: 'parse error: unexpected }' },
      '/api/v1/rules': '<html>',
    });
    await expect(prometheus.instant('up}', 1)).rejects.toThrow(
      'Prometheus refused "up}": parse error: unexpected }',
    );
    await expect(prometheus.api('rules')).rejects.toThrow('answered 200 to rules: <html>');
  });
});
