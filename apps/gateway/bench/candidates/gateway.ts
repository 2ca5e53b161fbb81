import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Candidate, CandidateContext, Launch } from './candidate.ts';
import { contract } from './contract.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const unobserved = fileURLToPath(new URL('unobserved-gateway.ts', import.meta.url));
const CONTRACT_FILE = 'items.json';
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
  launch: (context) => launchGateway(context, fullPolicy(context, {}), {}),
};

/** What metrics and access log cost: the same without them, as only the bench can have it. */
export const fullUnobserved: Candidate = {
  key: 'full-unobserved',
  title: 'gateway, full policy, without metrics and access log',
  launch: async (context) => ({
    ...(await launchGateway(context, fullPolicy(context, {}), {}, unobserved)),
    note: 'no metrics, no access log',
  }),
};

/** The share of a limit that a replica takes at once unless told otherwise, of 60,000 a minute. */
const USUAL_LEASE = 600;

export const fullRedis = inRedis('full-redis', USUAL_LEASE);

/** Redis counts each request by itself. */
export const fullRedisEach = inRedis('full-redis-each', 1);

function inRedis(key: string, lease: number): Candidate {
  return {
    key,
    title: `gateway, full policy, limits in Redis by ${lease}`,
    async launch(context) {
      const { redisUrl } = context;
      if (redisUrl === undefined) {
        return 'no Redis: give --redis URL or put redis-server on the PATH';
      }
      return launchGateway(context, fullPolicy(context, { lease }), { REDIS_URL: redisUrl });
    },
  };
}

type FilterConfig = Readonly<Record<string, object>>;

/** Who asks, how often, and whether the call is as the contract says. */
function fullPolicy({ identity }: CandidateContext, limiter: { lease?: number }): FilterConfig[] {
  const { issuer, audience, jwksUrl } = identity;
  return [
    { authenticate: { issuer, audience, jwks: jwksUrl } },
    { rateLimit: { limit: 1_000_000_000, window: '1m', ...limiter } },
    { validate: {} },
  ];
}

/** A filter's name, and what of its options the figures depend on. */
function noteOf(filter: FilterConfig): string {
  const [name = '', options = {}] = Object.entries(filter)[0] ?? [];
  return 'lease' in options ? `${name} (Redis asked once in ${String(options.lease)})` : name;
}

async function launchGateway(
  { directory, port, privatePort, backendPort }: CandidateContext,
  incoming: readonly FilterConfig[],
  env: Readonly<Record<string, string>>,
  program = main,
): Promise<Launch> {
  const config = {
    upstreams: {
      items: { discover: `http://127.0.0.1:${backendPort}`, contract: CONTRACT_FILE },
    },
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
  await writeFile(join(directory, CONTRACT_FILE), JSON.stringify(contract, undefined, 2));
  return {
    // As the image starts it.
    command: [process.execPath, '--expose-gc', program],
    env: {
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
      PRIVATE_PORT: String(privatePort),
      GATEWAY_CONFIG: file,
      // Nobody is left to be told that it ends.
      DRAIN_DELAY_MS: '0',
    },
    note: [ALWAYS_ON, ...incoming.map(noteOf)].join(', '),
  };
}
