/** What the overlays make of the stack, as Compose reads them; needs Compose and no engine. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { docker } from '../src/compose.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Service {
  readonly image?: string;
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string }[];
  readonly volumes?: readonly { readonly source: string; readonly type: string }[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly networks?: Readonly<Record<string, unknown>>;
}
type Services = Readonly<Record<string, Service>>;

async function services(...overlays: readonly string[]): Promise<Services> {
  const files = [
    'docker-compose.yml',
    ...overlays.map((name) => `infra/${name}/docker-compose.yml`),
  ];
  const arguments_ = ['compose', ...files.flatMap((file) => ['-f', file])];
  const environment = { ...process.env, COMPOSE_PROJECT_NAME: 'overlaid' };
  const { stdout } = await promisify(execFile)(
    'docker',
    [...arguments_, 'config', '--format', 'json'],
    { cwd: root, env: environment, maxBuffer: 16 << 20 },
  );
  return (JSON.parse(stdout) as { services: Services }).services;
}

const missing = await docker('compose', 'version').then(
  () => undefined,
  () => 'Docker has no Compose here; install Compose 2.24 or newer',
);
const overlays = ['tls', 'direct', 'traefik', 'edges'];

describe.skipIf(missing)(`overlays${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it.each(overlays)(
    '%s publishes on this machine alone, and what it adds is hardened',
    async (name) => {
      const plain = await services();
      for (const [service, { ports = [], ...rest }] of Object.entries(await services(name))) {
        for (const { host_ip: address } of ports)
          expect([service, address]).toEqual([service, '127.0.0.1']);
        if (plain[service]) continue;
        expect([service, rest.read_only, rest.cap_drop]).toEqual([service, true, ['ALL']]);
        expect([service, rest.image]).toEqual([service, expect.stringMatching(/:v?\d+\.\d+/)]);
      }
    },
  );

  it('has a second nginx that is as the first', async () => {
    const { nginx, 'nginx-second': second } = await services('edges');
    expect({ ...second, ports: undefined }).toEqual({ ...nginx, ports: undefined });
  });

  it('puts Traefik in the place of nginx, which is not started', async () => {
    const plain = await services();
    const overlaid = await services('traefik');
    expect(overlaid['traefik']?.ports?.map(({ published }) => published)).toContain(
      plain['nginx']?.ports?.[0]?.published,
    );
    expect(Object.keys(overlaid)).not.toContain('nginx');
    expect(Object.keys(overlaid)).not.toContain('nginx-exporter');
  });

  it('hands the socket of the engine to the one container that guards it', async () => {
    for (const [service, { volumes = [] }] of Object.entries(await services('traefik'))) {
      const socket = volumes.some(({ source }) => source.endsWith('docker.sock'));
      expect([service, socket]).toEqual([service, service === 'engine-reader']);
    }
  });

  it('leaves the networks of the services as they are, save the direct one', async () => {
    const { product, order, nginx, user } = await services('direct');
    for (const service of [product, order]) {
      expect(Object.keys(service?.networks ?? {}).sort()).toEqual(['app', 'data', 'direct']);
    }
    expect(Object.keys(nginx?.networks ?? {}).sort()).toEqual(['direct', 'edge', 'entry']);
    expect(Object.keys(user?.networks ?? {}).sort()).toEqual(['app', 'data']);
  });

  it('gives Traefik idle times that end before those of the gateway', async () => {
    const { traefik, gateway } = await services('traefik');
    const option = '--serversTransport.forwardingTimeouts.idleConnTimeout=';
    const idle = traefik?.command?.find((each) => each.startsWith(option))?.slice(option.length);
    expect(Number.parseInt(idle ?? '', 10)).toBeLessThan(
      Number.parseInt(gateway?.environment?.['DRAIN_DELAY_MS'] ?? '', 10),
    );
  });
});
