import pg from 'pg';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import {
  createTestDatabase,
  createTestLogger,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
  startOwnRabbit,
  startOwnRedis,
  waitFor,
} from '../src/index.ts';

it('gives each caller an empty PostgreSQL 18 database of its own and removes it', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const client = new pg.Client({ connectionString: one.url });
  await client.connect();
  client.on('error', () => {});
  await client.query('CREATE TABLE mine (id integer)');
  const { rows } = await client.query('SHOW server_version_num');
  expect(Math.floor(rows[0].server_version_num / 10_000)).toBe(18);

  const other = new pg.Client({ connectionString: two.url });
  await other.connect();
  const tables = await other.query(`SELECT FROM pg_tables WHERE tablename = 'mine'`);
  expect(tables.rowCount).toBe(0);
  await other.end();

  await one.drop();
  await two.drop();
  const late = new pg.Client({ connectionString: one.url });
  await expect(late.connect()).rejects.toThrow('does not exist');
});

it('keeps the lines of a logger and of its children', () => {
  const log = createTestLogger();
  log.child({ part: 'a' }).warn({ count: 2 }, 'seen');
  expect(log.lines).toMatchObject([{ level: 40, part: 'a', count: 2, msg: 'seen' }]);
});

it('tells why a condition never held', async () => {
  const failing = waitFor(() => Promise.reject(new Error('the reason')), 50);
  await expect(failing).rejects.toMatchObject({ cause: { message: 'the reason' } });
});

/** Sends one command and gives the first answer. */
function ask(url: string, command: string, timeoutMs = 2_000): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${command}\r\n`));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

describeWithRedis('Redis for tests', () => {
  it('is shared', async () => {
    expect(await ask(redisUrl(), 'PING')).toBe('+PONG\r\n');
  });

  it('can be killed, brought back on its port, frozen and closed when one owns it', async () => {
    const own = await startOwnRedis();
    await own.stop();
    await expect(ask(own.url, 'PING')).rejects.toThrow();
    await own.start();
    expect(await ask(own.url, 'PING')).toBe('+PONG\r\n');
    await own.pause();
    await expect(ask(own.url, 'PING', 500)).rejects.toThrow('no answer');
    await own.resume();
    expect(await ask(own.url, 'PING')).toBe('+PONG\r\n');
    await own.close();
    await expect(ask(own.url, 'PING')).rejects.toThrow();
  }, 120_000);
});

describeWithRabbit('RabbitMQ for tests', () => {
  it('gives each caller a virtual host of its own and removes it', async () => {
    const host = await createTestVirtualHost();
    expect(new URL(host.url).pathname).toBe(`/${host.name}`);
    await host.drop();
  }, 120_000);

  it('can be killed and brought back on its port when one owns it', async () => {
    const own = await startOwnRabbit();
    await own.stop();
    await expect(ask(own.url, 'anything')).rejects.toThrow();
    await own.start();
    expect(await ask(own.url, 'anything')).toMatch(/^AMQP/);
    await own.close();
  }, 240_000);
});
