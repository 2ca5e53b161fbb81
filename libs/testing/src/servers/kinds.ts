import { join } from 'node:path';
import { isAnswering, rabbitGreeting, rabbitReady, redisGreeting, redisReady } from './ready.ts';
import type { ServerKind } from './server.ts';

export const redis: ServerKind = {
  name: 'redis',
  image: 'redis:8',
  containerPorts: [6379],
  containerArguments: ['redis-server', '--save', '', '--appendonly', 'no'],
  binary: 'redis-server',
  local: ([port], directory) => ({
    args: [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--appendonly', 'no'],
    ],
    env: {},
  }),
  url: (port) => `redis://127.0.0.1:${port}`,
  ready: (port, signal) => redisReady(redis.url(port), signal),
  runsHere: () => isAnswering(redis.url(6379), redisGreeting),
};

export const rabbit: ServerKind = {
  name: 'rabbit',
  image: 'rabbitmq:4-management',
  // The last is the management API, by which tests make virtual hosts.
  containerPorts: [5672, 15672],
  containerArguments: [],
  binary: 'rabbitmq-server',
  local: ([port, managementPort], directory) => ({
    args: [],
    env: {
      HOME: directory,
      RABBITMQ_NODENAME: `woodytoys-test-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${(port ?? 0) > 40_000 ? (port ?? 0) - 20_000 : (port ?? 0) + 20_000}`,
      RABBITMQ_MNESIA_BASE: join(directory, 'data'),
      RABBITMQ_LOG_BASE: join(directory, 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
      RABBITMQ_SERVER_START_ARGS: `-rabbitmq_management listener [{port,${managementPort}},{ip,"127.0.0.1"}]`,
    },
  }),
  url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  ready: (port, signal) => rabbitReady(rabbit.url(port), signal),
  // The tests make virtual hosts, so its management API must let them.
  runsHere: () =>
    fetch('http://127.0.0.1:15672/api/whoami', {
      headers: { authorization: `Basic ${btoa('guest:guest')}` },
      signal: AbortSignal.timeout(2_000),
    }).then(
      ({ ok }) => ok && isAnswering(rabbit.url(5672), rabbitGreeting),
      () => false,
    ),
};
