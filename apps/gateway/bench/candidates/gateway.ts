import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInRegistry } from '../../src/registry.ts';
import type { Candidate, CandidateContext, Launch } from './candidate.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ALWAYS_ON = 'metrics, request id, traceparent, access log';

/** The gateway's own process with one route, written as a team would write it. */
export const bare: Candidate = {
  key: 'bare',
  title: 'gateway, bare route',
  launch: (context) => launchGateway(context, [], {}),
};

export const full: Candidate = {
  key: 'full',
  title: 'gateway, full policy',
  launch: (context) => launchGateway(context, fullPolicy(context), {}),
};

export const fullRedis: Candidate = {
  key: 'full-redis',
  title: 'gateway, full policy, limits in Redis',
  async launch(context) {
    const { redisUrl } = context;
    if (redisUrl === undefined) return 'no Redis: give --redis URL or put redis-server on the PATH';
    return launchGateway(context, fullPolicy(context), { REDIS_URL: redisUrl });
  },
};

type FilterConfig = Readonly<Record<string, object>>;

/** Who asks, how often, and whether the call is as the contract says. */
function fullPolicy({ identity }: CandidateContext): FilterConfig[] {
  const { issuer, audience, jwksUrl } = identity;
  return [
    { authenticate: { issuer, audience, jwks: jwksUrl } },
    { rateLimit: { limit: 1_000_000_000, window: '1m' } },
    { validate: {} },
  ];
}

async function launchGateway(
  { directory, port, privatePort, backendPort }: CandidateContext,
  wanted: readonly FilterConfig[],
  env: Readonly<Record<string, string>>,
): Promise<Launch> {
  const { filters } = builtInRegistry();
  const there = (config: FilterConfig) => Object.keys(config).every((name) => filters.has(name));
  const incoming = wanted.filter(there);
  const missing = wanted.filter((config) => !there(config)).flatMap(Object.keys);
  const config = {
    upstreams: { items: { discover: `http://127.0.0.1:${backendPort}` } },
    routes: [
      {
        path: '/items/{id}',
        methods: ['GET'],
        incoming,
        endpoint: { http: { upstream: 'items' } },
      },
    ],
  };
  const file = join(directory, 'gateway.json');
  await writeFile(file, JSON.stringify(config, undefined, 2));
  const on = [ALWAYS_ON, ...incoming.flatMap(Object.keys)].join(', ');
  return {
    command: [process.execPath, main],
    env: {
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
      PRIVATE_PORT: String(privatePort),
      GATEWAY_CONFIG: file,
    },
    note: missing.length === 0 ? on : `${on}; not built yet: ${missing.join(', ')}`,
  };
}
