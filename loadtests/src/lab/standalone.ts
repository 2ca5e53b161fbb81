import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration } from './lab.ts';
import { programsConfiguration } from './program.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const ports = { entry: 18_580, own: 18_581 };

export interface StandaloneOptions {
  readonly name: string;
  readonly title: string;
  /** What `npm start` reads from the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Everything in one process tree, as `npm start` has it, with data of its own. */
export function standaloneConfiguration(options: StandaloneOptions): Configuration {
  const { name, title } = options;
  const environment = { RATE_LIMIT: '100000000', ...options.environment };
  const target = `http://127.0.0.1:${ports.entry}`;
  const base = { name, title, target, ports: Object.values(ports), settings: environment };
  return {
    ...programsConfiguration({ ...base, programs: [] }),
    start: (context) =>
      programsConfiguration({
        ...base,
        programs: [
          {
            name: 'npm start',
            command: [process.execPath, join(root, 'scripts', 'start.mjs')],
            directory: root,
            environment: {
              ...environment,
              PORT: String(ports.entry),
              PRIVATE_PORT: String(ports.own),
              WOODYTOYS_DATA: join(context.scratch, `data-${name}`),
            },
            // The gateway is the last to listen, after the private port.
            readyUrl: `${target}/api/misc/time`,
          },
        ],
      }).start(context),
  };
}
