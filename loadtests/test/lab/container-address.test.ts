import { docker, imageAvailable, missingEngine } from '@woodytoys/infra/compose';
import { waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/k6/ports.ts';
import { containerAddress } from '../../src/lab/container-address.ts';

const IMAGE = 'node:24-bookworm-slim';
const missing =
  (await missingEngine()) ??
  ((await imageAvailable(IMAGE)) ? undefined : `the image ${IMAGE} cannot be had`);

const SERVER = `require('node:http').createServer((request, response) =>
  response.end(request.headers.host)).listen(8080)`;

describe.skipIf(missing)(
  missing ? `the address of a container (skipped: ${missing})` : 'the address of a container',
  () => {
    const project = `woodytoys-address-${process.pid}`;
    let published: string;
    let id: string;

    beforeAll(async () => {
      const port = await freePort();
      published = `http://127.0.0.1:${port}`;
      const label = `com.docker.compose.project=${project}`;
      const publish = `127.0.0.1:${port}:8080`;
      const run = ['run', '--detach', '--init', '--label', label, '--publish', publish, IMAGE];
      id = await docker(...run, 'node', '-e', SERVER);
      await waitFor(async () => (await fetch(published)).ok, 30_000);
    }, 60_000);
    afterAll(() => docker('rm', '--force', id));

    it('is its own behind a port that the engine publishes, and answers', async () => {
      const address = await containerAddress(project, published);
      // Where containers have no address that this machine reaches, the published one is right.
      if (process.platform === 'linux') expect(address).toMatch(/^http:\/\/(\d+\.){3}\d+:8080$/);
      expect(await (await fetch(address)).text()).toBe(new URL(address).host);
    });

    it('is the published one when no container of the project has that port', async () => {
      expect(await containerAddress(`${project}-other`, published)).toBe(published);
      expect(await containerAddress(project, 'http://127.0.0.1:1')).toBe('http://127.0.0.1:1');
    });
  },
);
