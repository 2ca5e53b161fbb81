import {
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ReadFiles } from '../src/config/read-files.ts';
import { createConfigReader } from '../src/config/reader.ts';
import { builtInRegistry } from '../src/registry.ts';
import { startBackend } from './support/backend.ts';
import { startGateway, temporaryFiles } from './support/gateway.ts';

const routeTo = (path: string) => `
routes:
  - path: ${path}
    methods: [GET]
    endpoint: { http: { upstream: a } }
`;

async function startWatching() {
  const backend = await startBackend();
  const upstreams = `upstreams: { a: { discover: '${backend.url}' } }\n`;
  const configuration = (path: string) => upstreams + routeTo(path);
  const gateway = await startGateway(configuration('/0'), { watch: true });
  return {
    ...gateway,
    configuration,
    status: async (path: string) => (await fetch(gateway.url + path)).status,
    reloads: (outcome: string) => gateway.metric('gateway_config_reloads_total', { outcome }),
  };
}

const soon = { timeout: 20_000 };

describe('a change of the files', () => {
  it('is used, written in place or moved into place', async () => {
    const { configFile, configuration, status } = await startWatching();
    writeFileSync(configFile, configuration('/1'));
    await expect.poll(() => status('/1'), soon).toBe(200);
    writeFileSync(`${configFile}.new`, configuration('/2'));
    renameSync(`${configFile}.new`, configFile);
    await expect.poll(() => status('/2'), soon).toBe(200);
    unlinkSync(configFile);
    writeFileSync(configFile, configuration('/3'));
    await expect.poll(() => status('/3'), soon).toBe(200);
    expect(await status('/2')).toBe(404);
  });

  it('is used when a link in their path leads elsewhere, as Kubernetes mounts them', async () => {
    const { configFile, folder, configuration, status } = await startWatching();
    for (const version of [1, 2]) {
      mkdirSync(join(folder, `..v${version}`));
      writeFileSync(join(folder, `..v${version}/gateway.yaml`), configuration(`/${version}`));
    }
    symlinkSync('..v1', join(folder, '..data'));
    rmSync(configFile);
    symlinkSync('..data/gateway.yaml', configFile);
    await expect.poll(() => status('/1'), soon).toBe(200);
    symlinkSync('..v2', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    await expect.poll(() => status('/2'), soon).toBe(200);
    expect(readlinkSync(configFile)).toBe('..data/gateway.yaml');
  });

  it('is used in files that are included, that come, and that go', async () => {
    const { folder, status, rewrite, configuration } = await startWatching();
    const part = (number: number) => join(folder, `part-${number}.yaml`);
    writeFileSync(part(1), routeTo('/part-1'));
    rewrite(`include: ['part-*.yaml']\n${configuration('/0')}`);
    await expect.poll(() => status('/part-1'), soon).toBe(200);
    writeFileSync(part(1), routeTo('/part-one'));
    await expect.poll(() => status('/part-one'), soon).toBe(200);
    writeFileSync(part(2), routeTo('/part-2'));
    await expect.poll(() => status('/part-2'), soon).toBe(200);
    rmSync(part(2));
    await expect.poll(() => status('/part-2'), soon).toBe(404);
    expect(await status('/part-one')).toBe(200);
  });

  it('is used in contracts', async () => {
    const { folder, status, rewrite } = await startWatching();
    const backend = await startBackend();
    const contract = (path: string) => {
      const operation = { operationId: 'get', responses: { 200: { description: 'It.' } } };
      return JSON.stringify({ openapi: '3.1.0', paths: { [path]: { get: operation } } });
    };
    writeFileSync(join(folder, 'a.json'), contract('/one'));
    rewrite(`upstreams: { a: { discover: '${backend.url}', contract: a.json } }
routes: [{ contract: { upstream: a } }]
`);
    await expect.poll(() => status('/one'), soon).toBe(200);
    writeFileSync(join(folder, 'a.json'), contract('/two'));
    await expect.poll(() => status('/two'), soon).toBe(200);
    expect(await status('/one')).toBe(404);
  });

  it('is used in certificates', async () => {
    const files = new ReadFiles();
    const folder = temporaryFiles({ 'gateway.yaml': '', 'ca.pem': 'old' });
    writeFileSync(
      join(folder, 'gateway.yaml'),
      "upstreams: { a: { discover: 'https://x:1', tls: { ca: ca.pem } } }",
    );
    const configFile = join(folder, 'gateway.yaml');
    const registry = builtInRegistry();
    await createConfigReader({ configFile, environment: {}, registry }).read(files);
    expect(await files.change()).toBeUndefined();
    writeFileSync(join(folder, 'ca.pem'), 'new');
    expect(await files.change()).toBeDefined();
  });

  it('is refused once while it has mistakes, told in the log, and used when it is mended', async () => {
    const { folder, status, rewrite, reloads, log, configuration } = await startWatching();
    writeFileSync(join(folder, 'part.yaml'), routeTo('bad'));
    rewrite(`include: [part.yaml]\n${configuration('/1')}`);
    await expect.poll(() => reloads('refused'), soon).toBe(1);
    const refused = log.lines.find(({ msg }) => msg === 'reload refused');
    expect(refused?.['mistakes']).toEqual([
      expect.stringMatching(/part.yaml:3 {2}"bad" is no path/),
    ]);
    expect(await status('/0')).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await reloads('refused')).toBe(1);
    // It belongs to no table in use yet; it is looked at all the same.
    writeFileSync(join(folder, 'part.yaml'), routeTo('/part'));
    await expect.poll(() => status('/part'), soon).toBe(200);
    expect(await reloads('done')).toBe(1);
  });

  it('is left alone unless the gateway is told to watch', async () => {
    const backend = await startBackend();
    const configuration = (path: string) =>
      `upstreams: { a: { discover: '${backend.url}' } }\n${routeTo(path)}`;
    const { url, rewrite } = await startGateway(configuration('/0'));
    rewrite(configuration('/1'));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await fetch(`${url}/1`)).status).toBe(404);
  });
});
