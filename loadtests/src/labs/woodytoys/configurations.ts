import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@woodytoys/embedded-postgres';
import { composeConfiguration } from '../../lab/compose.ts';
import type { Configuration } from '../../lab/lab.ts';
import { programsConfiguration } from '../../lab/program.ts';
import { standaloneConfiguration } from '../../lab/standalone.ts';
import { originalProgram } from '../originals.ts';
import { delayVariables } from './delays.ts';
import type { Delays } from './delays.ts';
import { limit } from './limit.ts';

/** The host under which the gateway speaks as the original did. */
export const HOST = 'woodytoys.localhost';

const monolithPort = 18_660;
export const frontPorts = { FRONT_PORT: 18_661, CDN_PORT: 18_662 };
const direct = 'infra/direct/docker-compose.yml';
const front = 'loadtests/originals/front/docker-compose.yml';

/** As many as the students of TP10 chose. */
const replicas = { order: 3, product: 3, 'order-worker': 5 };

/** The original, and a PostgreSQL of its own. */
export function monolith(delays: Delays): Configuration {
  const variables = delayVariables(delays);
  const base = {
    name: 'monolith',
    title: 'monolith',
    target: `http://127.0.0.1:${monolithPort}`,
    ports: [monolithPort],
    settings: variables,
  };
  return {
    ...programsConfiguration({ ...base, programs: [] }),
    async start(context) {
      context.say('starting its database');
      const postgres = await startEmbeddedPostgres({
        directory: await mkdtemp(join(context.scratch, 'monolith-')),
        temporary: true,
        log: { debug() {}, warn() {} },
      });
      const environment = { ...variables, DATABASE_URL: postgres.url };
      try {
        const running = await programsConfiguration({
          ...base,
          programs: [
            originalProgram('woodytoys-monolith', {
              port: monolithPort,
              environment,
              readyPath: '/api/ping',
            }),
          ],
        }).start(context);
        const stop = async () => {
          await running.stop();
          await postgres.stop();
        };
        return { ...running, stop };
      } catch (error) {
        await postgres.stop();
        throw error;
      }
    },
  };
}

type Grown = 'services' | 'replicas' | 'cache';

/** nginx sends each path straight to its service, as TP10 has it. */
export function grown(name: Grown, delays: Delays): Configuration {
  const titles = { services: 'services', replicas: '+ replicas', cache: '+ cache' };
  return composeConfiguration({
    name,
    title: titles[name],
    files: [direct],
    environment: { ...delayVariables(delays), CACHE: name === 'cache' ? 'on' : 'off' },
    ...(name !== 'services' && { scale: replicas }),
  });
}

/** All of it, behind the gateway that speaks as the original; with the page before it. */
export function platform(delays: Delays): Configuration {
  return composeConfiguration({
    name: 'platform',
    title: 'behind the gateway',
    files: [front],
    ports: Object.values(frontPorts),
    environment: {
      ...delayVariables(delays),
      FRONT_PORT: String(frontPorts.FRONT_PORT),
      CDN_PORT: String(frontPorts.CDN_PORT),
    },
    scale: replicas,
  });
}

/** All of it in one process tree, as `npm start` has it. */
export function inOneTree(delays: Delays): Configuration {
  return standaloneConfiguration({
    name: 'standalone',
    title: 'ours by npm start',
    environment: delayVariables(delays),
  });
}

/** The platform with a limit per client that a person reaches. */
export function limited(): Configuration {
  return composeConfiguration({
    name: 'limited',
    title: '+ limit per client',
    environment: {
      NGINX_RATE_LIMIT: String(limit.perMinute),
      NGINX_BURST: String(limit.burst),
    },
  });
}
