import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createClient, createMemoryWorld } from '@woodytoys/app-testing';
import type { Client, World } from '@woodytoys/app-testing';
import { createMemoryCache } from '@woodytoys/caching';
import { connectRabbit } from '@woodytoys/messaging';
import type { Messaging } from '@woodytoys/messaging';
import {
  createTestLogger,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
  waitFor,
} from '@woodytoys/testing';
import type { TestVirtualHost } from '@woodytoys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ended,
  holdStep,
  lockSales,
  reportBySql,
  requestReport,
  savingWaits,
  stepsOf,
} from './reports.ts';
import { check, startLogisticsService } from './start.ts';
import type { LogisticsService } from './start.ts';

const children: ChildProcess[] = [];
const services: LogisticsService[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const service of services.splice(0)) await service.close();
});

function start(
  script: string,
  parameters: readonly string[],
  env: Record<string, string>,
): ChildProcess & { output(): string } {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...parameters], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return Object.assign(child, { output: () => output });
}

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** A report of which three shops are ready, and whose worker stands still until the release. */
async function reportUnderWay(service: LogisticsService, client: Client) {
  const releaseSales = await lockSales(service);
  const id = await requestReport(client);
  const release = await holdStep(service, id, 4);
  await releaseSales();
  await waitFor(() => savingWaits(service), 30_000);
  expect(await stepsOf(service, id)).toBe(3);
  return { id, release };
}

async function expectRightEnd(
  service: LogisticsService,
  client: Client,
  id: string,
): Promise<void> {
  const { status, result } = await ended(client, id, 60_000);
  expect(status).toBe('done');
  expect(result).toMatchObject(await reportBySql(service));
  const [report] = await service.database.query(
    `SELECT fence, (SELECT array_agg(store_id ORDER BY step) FROM report_steps
       WHERE report_id = id) AS shops FROM reports WHERE id = $1`,
    [id],
  );
  expect(report).toEqual({ fence: 2, shops: [1, 2, 3, 4, 5] });
}

describe('a process with everything in it', () => {
  it('loses no accepted report when it is killed: the next one ends it', async () => {
    const service = await startLogisticsService(createMemoryWorld(), 0.25);
    services.push(service);
    const filler = await service.worker();
    await service.fillCatalogue();
    await filler.stop();

    const first = start('./in-process-child.ts', [service.databaseUrl], {});
    const port = await waitFor(() => /^\d+$/m.exec(first.output())?.[0], 30_000);
    const { id, release } = await reportUnderWay(service, createClient(Number(port), check));
    await kill(first);
    await release();
    expect(await service.database.query('SELECT status FROM reports')).toEqual([
      { status: 'running' },
    ]);

    await service.worker();
    const { client } = await service.replica();
    await expectRightEnd(service, client, id);
  });
});

describeWithRedis('a worker of several', () => {
  describeWithRabbit('over RabbitMQ', () => {
    it('loses no report when it is killed: another one goes on where it was', async () => {
      const virtualHost = await createTestVirtualHost();
      const service = await startLogisticsService(rabbitWorld(virtualHost), 0.25);
      services.push(service);
      const env = {
        DATABASE_URL: service.databaseUrl,
        REDIS_URL: redisUrl(),
        AMQP_URL: virtualHost.url,
        SEED_SCALE: '0.25',
        HOST: '127.0.0.1',
        PRIVATE_PORT: '0',
      };
      const startWorker = async () => {
        const worker = start('../src/worker.ts', [], env);
        await waitFor(() => worker.output().includes('"msg":"ready"'), 60_000);
        return worker;
      };
      const first = await startWorker();
      await service.fillCatalogue();
      const { client } = await service.replica();

      const { id, release } = await reportUnderWay(service, client);
      const second = await startWorker();
      await kill(first);
      await release();
      await expectRightEnd(service, client, id);
      await kill(second, 'SIGTERM');
      expect(second.exitCode).toBe(0);
    }, 180_000);
  });
});

function rabbitWorld({ url, drop }: TestVirtualHost): World {
  const log = createTestLogger();
  const opened: Messaging[] = [];
  return {
    connect: async (service) => {
      const messaging = await connectRabbit({ url, service, log });
      opened.push(messaging);
      return { cache: createMemoryCache({ log }), messaging };
    },
    close: async () => {
      for (const messaging of opened) await messaging.close();
      await drop();
    },
  };
}
