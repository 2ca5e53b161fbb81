import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { createTestLogger, describeWithRedis, startOwnRedis, waitFor } from '@woodytoys/testing';
import { createRedisCache } from '../src/index.ts';
import { connected } from './connected.ts';

describeWithRedis('the URL of Redis', () => {
  it('may hold a user, a password of any characters and a database', async () => {
    const server = await startOwnRedis();
    try {
      const admin = new Redis(server.url);
      const password = 'p@ss:w/rd?#%41 é';
      await admin.acl('SETUSER', 'shop', 'on', `>${password}`, '~*', '&*', '+@all');
      await admin.config('SET', 'requirepass', password);
      const { host } = new URL(server.url);
      const log = createTestLogger();
      const encoded = encodeURIComponent(password);
      const urls = [`redis://:${encoded}@${host}`, `redis://shop:${encoded}@${host}/3`];
      for (const url of urls) {
        const cache = await connected(createRedisCache({ url, service: 'shop', log }));
        const values = cache.namespace<string>('value', { ttlMs: 60_000, firstLevelMs: 0 });
        expect(await values.get('1', async () => url)).toBe(url);
        await cache.close();
      }
      expect(await admin.info('keyspace')).toContain('db3:');
      await admin.quit();
      expect(JSON.stringify(log.lines)).not.toContain(encoded);
    } finally {
      await server.close();
    }
  });

  it('with a wrong password is logged, and reads go on', async () => {
    const server = await startOwnRedis();
    try {
      const url = server.url.replace('redis://', 'redis://nobody:wrong@');
      const log = createTestLogger();
      const cache = createRedisCache({ url, service: 'shop', log });
      const values = cache.namespace<string>('value', { ttlMs: 60_000 });
      expect(await values.get('1', async () => 'one')).toBe('one');
      await waitFor(() => JSON.stringify(log.lines).includes('WRONGPASS'));
      expect(cache.healthy()).toBe(false);
      expect(JSON.stringify(log.lines)).not.toContain('nobody:wrong');
      await cache.close();
    } finally {
      await server.close();
    }
  });
});

it('rediss:// speaks TLS from the first byte', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = once(server, 'connection') as Promise<[Socket]>;
  const cache = createRedisCache({
    url: `rediss://:secret@127.0.0.1:${port}`,
    service: 'shop',
    log: createTestLogger(),
  });
  const [socket] = await connection;
  const [first] = (await once(socket, 'data')) as [Buffer];
  // RFC 8446, section 5.1: a record of type handshake (22).
  expect(first[0]).toBe(22);
  expect(first.includes('secret')).toBe(false);
  await cache.close();
  for (const open of sockets) open.destroy();
  server.close();
});

it.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'amqp://guest:secret@localhost'])(
  'refuses %j, without repeating it',
  (url) => {
    const create = (): unknown =>
      createRedisCache({ url, service: 'shop', log: createTestLogger() });
    expect(create).toThrow(/expected redis:\/\//);
    expect(create).not.toThrow(/secret/);
  },
);
