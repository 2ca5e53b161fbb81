import { describe, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@woodytoys/testing';
import { startRawBackend } from './support/backend.ts';
import { sendRaw, startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';

const filter = (name: string, parts: string) =>
  `export const ${name} = { name: '${name}', options: { type: 'object', description: 'a test', properties: {} }, ${parts} };`;

/** Filters of somebody else, as careless as they may be. */
const PLUGIN = `
const later = () => new Promise((resolve) => setTimeout(resolve, 150));
${filter('waits', 'outgoing: () => async (_, answer) => { await later(); return answer; }')}
${filter('fails', "outgoing: () => async () => { throw new Error('no'); }")}
${filter('badListener', "incoming: () => (exchange) => { exchange.onEnd(() => { throw new Error('in a listener'); }); }")}
`;

/** A gateway whose upstream says that 100 bytes come, sends one, and ends after `breakMs`. */
async function start(breakMs: number, filters: Readonly<Record<string, string>>) {
  const backend = await startRawBackend((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('x');
    setTimeout(() => response.destroy(), breakMs).unref();
  });
  const gateway = await startGateway('routes: []');
  writeFileSync(join(gateway.folder, 'plugin.mjs'), PLUGIN);
  gateway.rewrite(
    JSON.stringify({
      plugins: ['./plugin.mjs'],
      upstreams: { a: { discover: backend.url } },
      routes: [
        {
          path: '/x',
          methods: ['GET'],
          incoming: filters['incoming']?.split(' ') ?? [],
          outgoing: filters['outgoing']?.split(' ') ?? [],
          endpoint: { http: { upstream: 'a' } },
        },
      ],
    }),
  );
  await gateway.gateway.reload();
  return { backend, gateway };
}

function ask({ port }: RunningGateway, timeoutMs = 10_000): Promise<string> {
  return sendRaw(port, 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', { timeoutMs });
}

// An error that nobody takes ends the process; here it fails the run.
describe('an answer that breaks while a filter waits', () => {
  it.each(['waits', 'compress waits', 'waits compress'])('is a 502: %s', async (outgoing) => {
    const { gateway } = await start(20, { outgoing });
    expect(await ask(gateway)).toMatch(/^HTTP\/1.1 502 /);
  });

  it('is an error of the origin for the cache', async () => {
    const { gateway } = await start(20, { incoming: 'cache', outgoing: 'waits' });
    expect(await ask(gateway)).toMatch(/^HTTP\/1.1 502 /);
  });

  it('is let go when its client goes', async () => {
    const { gateway, backend } = await start(60_000, { outgoing: 'waits' });
    await ask(gateway, 50);
    await waitFor(() => backend.sockets.size === 0);
  });

  it('is let go when the filter fails', async () => {
    const { gateway, backend } = await start(60_000, { outgoing: 'fails' });
    expect(await ask(gateway)).toMatch(/^HTTP\/1.1 500 /);
    await waitFor(() => backend.sockets.size === 0);
  });
});

describe('a filter that listens for the end', () => {
  it('ends nothing but its own work when it fails', async () => {
    const { gateway } = await start(0, { incoming: 'badListener' });
    await ask(gateway);
    const said = () => gateway.log.lines.map(({ msg }) => msg);
    await waitFor(() => said().includes('request'));
    expect(said()).toContain('a filter failed at the end of a request');
  });
});
