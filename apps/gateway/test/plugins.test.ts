import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../src/audit/checking.ts';
import { startBackend } from './support/backend.ts';
import { startByteServer } from './support/byte-server.ts';
import { problemOf, startGateway, temporaryFiles } from './support/gateway.ts';

/** The package that docs/gateway/plugins.md shows. */
const example = fileURLToPath(new URL('../../../docs/gateway/plugin-example', import.meta.url));

function install(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@acme'), { recursive: true });
  symlinkSync(example, join(folder, 'node_modules/@acme/gateway-filters'));
}

const configuration = (upstream: string, plugins = "['@acme/gateway-filters']") => `
plugins: ${plugins}
upstreams: { a: { discover: '${upstream}' } }
routes:
  - path: /orders
    methods: [GET]
    incoming: [{ tenant: { known: [north] } }]
    outgoing: [{ tenant: { known: [north] } }]
    endpoint: { http: { upstream: a } }
  - path: /old
    methods: [GET]
    endpoint: { redirect: { to: /orders } }
`;

/** A request with a host of its own, which fetch does not let one set. */
async function get(url: string, host: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => resolve(response.resume()))
      .on('error', reject)
      .end();
  });
}

/** What the gateway says against a configuration, as `line message`. */
async function mistakesOf(files: Readonly<Record<string, string>>, withPackage = false) {
  const folder = temporaryFiles(files);
  if (withPackage) install(folder);
  const { mistakes } = await checkConfig(join(folder, 'gateway.yaml'), {});
  return mistakes.map(({ line, message }) => `${line} ${message}`);
}

describe('a plugin', () => {
  it('is a package that adds a filter and an endpoint by name', async () => {
    const backend = await startBackend();
    const plain = `upstreams: { a: { discover: '${backend.url}' } }\n`;
    const gateway = await startGateway(plain);
    install(gateway.folder);
    gateway.rewrite(configuration(backend.url));
    await gateway.gateway.reload();
    const known = await get(`${gateway.url}/orders`, 'north.example');
    expect(known.statusCode).toBe(200);
    expect(known.headers['x-tenant']).toBe('north');
    expect(backend.seen[0]?.headers['x-tenant']).toBe('north');
    expect((await get(`${gateway.url}/orders`, 'east.example')).statusCode).toBe(403);
    expect((await problemOf(await fetch(`${gateway.url}/orders`)))['type']).toContain(
      'WT-FORBIDDEN',
    );
    expect(backend.seen.length).toBe(1);
    expect(
      await gateway.metric('gateway_decisions_total', { decider: 'tenant', outcome: 'refused' }),
    ).toBe(2);
    const moved = await fetch(`${gateway.url}/old?page=2`, { redirect: 'manual' });
    expect(moved.status).toBe(308);
    expect(moved.headers.get('location')).toBe('/orders?page=2');
    gateway.rewrite(plain);
    await gateway.gateway.reload();
    expect((await fetch(`${gateway.url}/old`)).status).toBe(404);
  });

  it('has the options of its filters checked by file and line', async () => {
    const bad = configuration('http://x:1').replace('known: [north]', 'known: north');
    expect(await mistakesOf({ 'gateway.yaml': bad }, true)).toEqual([
      '7 routes.0.incoming.0.tenant.known: must be array',
    ]);
  });

  it('may be a TypeScript file beside the configuration', async () => {
    const plugin = `export const names: string[] = [];
      export default { name: 'redirect', options: { type: 'object', properties: { to: {} } },
        create: ({ to }: { to: string }) => () => ({ status: 307, headers: ['location', to], body: null }) };`;
    const folder = temporaryFiles({ 'redirect.ts': plugin });
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `plugins: [./redirect.ts]\nroutes:\n  - { path: /a, methods: [GET], endpoint: { redirect: { to: /b } } }\n`,
    );
    expect(await checkConfig(join(folder, 'gateway.yaml'), {})).toMatchObject({
      mistakes: [],
      routes: 1,
    });
  });

  it('that gives the answer a header that cannot be written costs that request alone', async () => {
    const plugin = `export default { name: 'broken', options: { type: 'object' },
      incoming: () => (exchange) => void exchange.answerHeaders.push('x-broken', 'a\\nb') };`;
    const backend = await startBackend();
    const gateway = await startGateway(`upstreams: { a: { discover: '${backend.url}' } }\n`);
    writeFileSync(join(gateway.folder, 'broken.mjs'), plugin);
    const route = (path: string, rest: string, endpoint = 'http: { upstream: a }') =>
      `  - { path: ${path}, methods: [GET], ${rest} endpoint: { ${endpoint} } }\n`;
    gateway.rewrite(
      `plugins: [./broken.mjs]\nupstreams: { a: { discover: '${backend.url}' } }\nroutes:\n` +
        route('/broken', 'incoming: [broken],') +
        route('/broken-reply', 'incoming: [broken],', 'reply: { text: ok }') +
        route('/well', ''),
    );
    await gateway.gateway.reload();
    expect((await problemOf(await fetch(`${gateway.url}/broken`))).status).toBe(502);
    expect((await problemOf(await fetch(`${gateway.url}/broken-reply`))).status).toBe(500);
    expect((await fetch(`${gateway.url}/well`)).status).toBe(200);
  });

  it('may wait with an answer whose service breaks off meanwhile', async () => {
    const plugin = `export default { name: 'slow', options: { type: 'object' },
      outgoing: () => async (_, answer) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        return answer;
      } };`;
    const server = await startByteServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab');
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const upstreams = `upstreams: { a: { discover: '${server.url}' } }\n`;
    const gateway = await startGateway(upstreams);
    writeFileSync(join(gateway.folder, 'slow.mjs'), plugin);
    gateway.rewrite(
      `plugins: [./slow.mjs]\n${upstreams}routes:\n` +
        '  - { path: /x, methods: [GET], outgoing: [slow], endpoint: { http: { upstream: a } } }\n',
    );
    await gateway.gateway.reload();
    // An error that nobody hears would end the process.
    expect((await fetch(`${gateway.url}/x`)).status).toBe(502);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });

  it('is told at its line when it is not there, fails, or exports nothing of use', async () => {
    const files = {
      'gateway.yaml': `plugins:\n  - '@acme/nothing'\n  - ./missing.js\n  - ./fails.mjs\n  - ./empty.mjs\n`,
      'fails.mjs': 'throw new Error("no licence");',
      'empty.mjs': 'export const one = 1; export function two() {}',
    };
    expect(await mistakesOf(files)).toEqual([
      expect.stringMatching(
        /^2 the plugin @acme\/nothing cannot be found \(MODULE_NOT_FOUND\); install/,
      ),
      expect.stringMatching(/^3 the plugin .\/missing.js cannot be loaded: Cannot find module/),
      '4 the plugin ./fails.mjs cannot be loaded: no licence',
      expect.stringMatching(
        /^5 the plugin .\/empty.mjs exports no filter and no endpoint \(it exports one, two\)/,
      ),
    ]);
  });

  it('is told when a name is taken, or a schema is none', async () => {
    const filter = (name: string, properties = '{}') =>
      `export const filter = { name: '${name}', options: { type: 'object', properties: ${properties} }, incoming: () => () => undefined };`;
    const files = {
      'gateway.yaml': 'plugins: [./headers.mjs, ./one.mjs, ./two.mjs, ./wrong.mjs]\n',
      'headers.mjs': filter('headers'),
      'one.mjs': filter('mine'),
      'two.mjs': filter('mine'),
      'wrong.mjs': filter('other', "{ a: { type: 'text' } }"),
    };
    expect(await mistakesOf(files)).toEqual([
      '1 the filter "headers" of ./headers.mjs is there already, from the gateway itself; give it another name',
      '1 the filter "mine" of ./two.mjs is there already, from ./one.mjs; give it another name',
      expect.stringMatching(
        /^1 the options of the filter "other" of .\/wrong.mjs are no JSON Schema: /,
      ),
    ]);
  });

  it('belongs in the first file alone', async () => {
    const files = { 'gateway.yaml': 'include: [part.yaml]\n', 'part.yaml': 'plugins: [./x.mjs]\n' };
    expect(await mistakesOf(files)).toEqual([
      expect.stringMatching(/^1 "plugins" belongs in .*gateway.yaml alone/),
    ]);
  });
});
