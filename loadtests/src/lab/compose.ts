import { createStack, docker, imageAvailable } from '@woodytoys/infra/compose';
import { containerAddress } from './container-address.ts';
import { LabError, firstWords } from './failure.ts';
import type { Configuration, StartContext } from './lab.ts';

/** Beside the ports that a person's stack has, and those of the tests and figures. */
export const labPorts = { entry: 18_480, prometheus: 19_480, rabbitmq: 25_480, grafana: 13_480 };
export const labProject = 'woodytoys-lab';

/** No client of a lab is one of many: the limits per client are raised for all of them. */
const raised = { RATE_LIMIT: '100000000', NGINX_RATE_LIMIT: '100000000', NGINX_BURST: '1000000' };

const LONGEST_WORDS = 400;

export interface ComposeOptions {
  readonly name: string;
  readonly title: string;
  /** What docker-compose.yml reads from the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Replicas by service. */
  readonly scale?: Readonly<Record<string, number>>;
  /** Overlays, from the repository's root. */
  readonly files?: readonly string[];
  /** Ports that overlays publish beside. */
  readonly ports?: readonly number[];
  /** The address of the entry, where an overlay publishes another. */
  readonly target?: string;
}

/** The compose stack, under a project and ports of its own, with data made anew. */
export function composeConfiguration(options: ComposeOptions): Configuration {
  const { name, title, scale = {}, files = [] } = options;
  const environment = { ...raised, ...options.environment };
  return {
    name,
    title,
    settings: {
      ...environment,
      ...Object.fromEntries(Object.entries(scale).map(([of, n]) => [`replicas of ${of}`, `${n}`])),
      ...(files.length > 0 && { overlays: files.join(', ') }),
    },
    needs: {
      engine: true,
      ports: [...Object.values(labPorts), ...(options.ports ?? [])],
    },
    async start(context) {
      const stack = createStack({
        project: labProject,
        ports: labPorts,
        environment: { ...environment, GRAFANA_PORT: String(labPorts.grafana) },
        files,
        without: context.watched ? [] : ['grafana'],
        signal: context.signal,
      });
      const stop = () => stack.down();
      const addressOf = (published: string) => containerAddress(labProject, published);
      try {
        await context.once(`images ${files.join()}`, () => prepare(stack, context, files));
        context.say('starting the stack');
        await stack.up(scale);
        return {
          target: await addressOf(options.target ?? stack.entry),
          addressOf,
          prometheus: stack.prometheus,
          stack,
          stop,
        };
      } catch (error) {
        const why = `${firstWords(error)}${await lastWords(firstWords(error))}`;
        await stop();
        context.signal.throwIfAborted();
        if (error instanceof LabError) throw error;
        throw new LabError(`The stack of "${title}" did not come up: ${why}`, { cause: error });
      }
    },
  };
}

/** The end of the log of the container that compose names, which is gone a moment later. */
async function lastWords(failure: string): Promise<string> {
  const container = /container (\S+)/.exec(failure)?.[1];
  if (container === undefined) return '';
  const log = await docker('logs', '--tail', '1', container).catch(() => '');
  return log === '' ? '' : `; its log ends: ${log.slice(0, LONGEST_WORDS)}`;
}

/** Builds our images and fetches the others, once a lab. */
async function prepare(
  stack: ReturnType<typeof createStack>,
  { say, watched }: StartContext,
  files: readonly string[],
): Promise<void> {
  say('building the images');
  await stack.build();
  say('looking for the other images');
  const chosen = ['docker-compose.yml', ...files].flatMap((file) => ['-f', file]);
  const { services } = JSON.parse(
    await docker('compose', ...chosen, 'config', '--format', 'json'),
  ) as { services: Readonly<Record<string, { image?: string; build?: object }>> };
  for (const [service, { image, build }] of Object.entries(services)) {
    if (image === undefined || build !== undefined) continue;
    if (service === 'grafana' && !watched) continue;
    if (await imageAvailable(image)) continue;
    throw new LabError(`The image ${image} is not on this machine and could not be pulled.`);
  }
}
