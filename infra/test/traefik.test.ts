/** The stack behind Traefik in place of nginx: the same tests of the entry, and what is its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStack, imageAvailable, missingEngine, removeLeftovers } from '../src/compose.ts';
import { query } from '../src/prometheus.ts';
import { describeEntry } from './support/entry-suite.ts';

const image = 'traefik:v3.6.12';
/** The check of every change has half an hour of its own already. */
async function whyNot(): Promise<string | undefined> {
  if (process.env['CI'] === 'true') return 'with CI=true Traefik is left out, for its minutes';
  const engine = await missingEngine();
  if (engine) return engine;
  if (await imageAvailable(image)) return undefined;
  return `the image ${image} is not on this machine and could not be pulled`;
}

const missing = await whyNot();
const dashboard = 18281;
const files = ['infra/traefik/docker-compose.yml'];
const settings = {
  project: `woodytoys-traefik-${process.pid}`,
  ports: { entry: 18280, prometheus: 19290, rabbitmq: 25872 },
  without: ['grafana'],
  files,
};
const raised = { RATE_LIMIT: '10000000', TRAEFIK_RATE_LIMIT: '10000000', TRAEFIK_BURST: '1000000' };
const stack = createStack({
  ...settings,
  environment: { ...raised, TRAEFIK_PORT: String(dashboard) },
});

const title = `stack behind Traefik${missing ? ` (skipped: ${missing})` : ''}`;

describe.skipIf(missing)(title, { timeout: 300_000 }, () => {
  beforeAll(async () => {
    await removeLeftovers('woodytoys-traefik');
    await stack.build();
    await stack.up();
  }, 900_000);

  afterAll(() => stack.down(), 120_000);

  describeEntry(stack, {
    service: 'traefik',
    limited: (port) =>
      stack.beside('traefik', {
        environment: { TRAEFIK_RATE_LIMIT: '60', TRAEFIK_BURST: '6' },
        publish: { host: port, container: 8080 },
      }),
    // Go's own server answers before any middleware.
    unreadableIsProblem: false,
    longAddress: 431,
  });

  it('shows its routes on its dashboard alone, and its figures to Prometheus', async () => {
    const routers = await fetch(`http://127.0.0.1:${dashboard}/api/http/routers`);
    const names = ((await routers.json()) as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['api@docker', 'streams@docker', 'nobody@file']));
    // To the entry that is a path of the gateway's: a user `http` and a product `routers`.
    const outside = await fetch(`${stack.entry}/api/http/routers`);
    expect(outside.headers.get('content-type')).toContain('application/problem+json');
    await expect
      .poll(
        async () =>
          (await query(stack.prometheus, 'sum(traefik_entrypoint_requests_total) > 0')).length,
        { timeout: 30_000 },
      )
      .toBe(1);
  });

  it('reads containers of the engine and can do nothing to them', async () => {
    const ask = (method: string, path: string) =>
      stack.exec(
        'engine-reader',
        'bash',
        '-c',
        `exec 3<>/dev/tcp/127.0.0.1/2375; printf '${method} ${path} HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3`,
      );
    expect(await ask('GET', '/v1.24/containers/json')).toContain(' 200 ');
    expect(await ask('POST', '/v1.24/containers/create')).toContain(' 403 ');
    expect(await ask('POST', '/v1.24/containers/json')).toContain(' 403 ');
    expect(await ask('DELETE', '/containers/abc')).toContain(' 403 ');
    expect(await ask('GET', '/v1.24/secrets')).toContain(' 403 ');
    expect(await ask('GET', '/v1.24/containers/abc/archive')).toContain(' 403 ');
  });
});
