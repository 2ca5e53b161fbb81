import { expect, it } from 'vitest';
import { firing, waitForAlert } from '../../src/alerts.ts';
import type { Stack } from '../../src/compose.ts';
import { docker } from '../../src/compose.ts';
import { startLoad } from '../../src/load.ts';
import { createMix } from '../../src/mix.ts';

/**
 * Faults made on the running stack, each until Prometheus has its alert, with the real rules.
 *
 * @param scale the replicas that run, which are all there again after each drill
 */
export function drillAlerts(stack: Stack, scale: Readonly<Record<string, number>>): void {
  const { prometheus } = stack;

  it('tells of a replica that was killed, and of no other service', async () => {
    await stack.up(scale);
    for (const job of ['user', 'logistics-worker']) {
      await waitForAlert(prometheus, 'ReplicaMissing', { job }, { fires: false });
    }
    const [worker = ''] = await stack.containers('logistics-worker');
    await docker('kill', '--signal', 'KILL', worker);
    await waitForAlert(prometheus, 'ReplicaMissing', { job: 'logistics-worker' });
    const missing = (await firing(prometheus)).filter(({ name }) => /Missing$/.test(name));
    expect(missing.map(({ name, labels }) => [name, labels['job']])).not.toContainEqual([
      'ReplicaMissing',
      'user',
    ]);
    expect(missing.map(({ name }) => name)).not.toContain('ServiceMissing');
    await stack.up(scale);
    await waitForAlert(prometheus, 'ReplicaMissing', { job: 'logistics-worker' }, { fires: false });
  });

  it('tells of a service that is gone, and of the error budget that this burns', async () => {
    const load = startLoad({
      origin: stack.entry,
      requestsPerSecond: 60,
      next: createMix(`drill_${Date.now().toString(36)}`),
    });
    try {
      await docker('stop', '--time', '30', ...(await stack.containers('product')));
      await waitForAlert(prometheus, 'ErrorBudgetBurnsFast', { service: 'gateway' });
      await waitForAlert(prometheus, 'ServiceMissing', { job: 'product' });
    } finally {
      await stack.up(scale);
      await load.stop();
    }
    await waitForAlert(prometheus, 'ServiceMissing', { job: 'product' }, { fires: false });
  });

  it('tells of a dead letter until it is taken away', async () => {
    const labels = { queue: 'logistics.reports.dead' };
    expect((await firing(prometheus)).map(({ name }) => name)).not.toContain('DeadLetters');
    const rabbit = await rabbitApi(stack);
    await rabbit('POST', 'exchanges/%2F/woodytoys.commands/publish', {
      properties: {},
      routing_key: 'report.requested',
      payload: 'this is not JSON',
      payload_encoding: 'string',
    });
    await waitForAlert(prometheus, 'DeadLetters', labels);
    await rabbit('DELETE', `queues/%2F/${labels.queue}/contents`);
    await waitForAlert(prometheus, 'DeadLetters', labels, { fires: false });
  });
}

/** RabbitMQ's management API as the administrator. */
async function rabbitApi(stack: Stack) {
  const logins = await stack.run('secrets', 'show');
  const password = /RabbitMQ .* password (\S+)/.exec(logins)?.[1] ?? '';
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  return async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`${stack.rabbitmq}/api/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`RabbitMQ answered ${response.status}: ${answer}`);
  };
}
