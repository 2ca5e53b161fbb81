import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { metricsMarkdown } from '@woodytoys/metrics';
import { errorsMarkdown } from '@woodytoys/service';
import { dashboardsMarkdown } from '../dashboards/markdown.ts';
import { configurationMarkdown } from './configuration.ts';
import { eventsMarkdown } from './events.ts';
import { gatewayMarkdown } from './gateway.ts';
import { nginxProblems } from './nginx-problems.ts';
import { traefikProblems } from './traefik-problems.ts';

export interface ReferencePage {
  /** Seen from the root of the workspace. */
  readonly path: string;
  readonly text: string;
}

const notice = '<!-- Written by `npm run generate` from the code; edit that, not this. -->';

/** Every page of docs/reference, formatted as `npm run format` would, and nginx's error pages. */
export async function referencePages(root: string): Promise<ReferencePage[]> {
  const pages = [
    {
      name: 'errors',
      title: 'Errors',
      introduction:
        'Every error is a problem document (RFC 9457) whose `type` is `urn:woodytoys:problem:CODE`. ' +
        'The catalogue is `libs/service/src/errors.ts`.',
      body: errorsMarkdown(),
    },
    {
      name: 'metrics',
      title: 'Metrics',
      introduction:
        'Every process answers them at `/metrics` on its private port. ' +
        'The catalogue is `libs/metrics/src/catalogue.ts`.',
      body: metricsMarkdown(),
    },
    {
      name: 'dashboards',
      title: 'Dashboards',
      introduction:
        'What each panel of Grafana tells. The definitions are in `tools/src/dashboards`; ' +
        '`grafana/README.md` says how to change one.',
      body: dashboardsMarkdown(),
    },
    {
      name: 'configuration',
      title: 'Configuration',
      introduction:
        'Every process reads its environment once, at its start; a wrong one ends it with all ' +
        'mistakes named. A variable with `_FILE` takes the path of a file that holds the value.',
      body: await configurationMarkdown(root),
    },
    {
      name: 'gateway',
      title: 'Configuration of the gateway',
      introduction:
        'What `gateway.yaml` may say. The schema is `apps/gateway/gateway.schema.json`, by which ' +
        'the file is checked at a load, by `npx nx run gateway:check -- FILE`, and in an editor. ' +
        '`${NAME}` and `${NAME:-default}` are read from the environment; `$$` is a plain `$`.',
      body: await gatewayMarkdown(root),
    },
    {
      name: 'events',
      title: 'Events and commands',
      introduction:
        'What the services tell each other over RabbitMQ, or in the process under `npm start`. ' +
        'A message may come twice; its id stays the same.',
      body: await eventsMarkdown(root),
    },
  ];
  const markdown = await Promise.all(
    pages.map(async ({ name, title, introduction, body }) => {
      const path = `docs/reference/${name}.md`;
      const text = [`# ${title}`, notice, introduction, body].join('\n\n');
      const options = await resolveConfig(join(root, path));
      return { path, text: await format(text, { ...options, parser: 'markdown' }) };
    }),
  );
  return [
    ...markdown,
    { path: 'nginx/problems.conf', text: nginxProblems() },
    { path: 'infra/traefik/dynamic/problems.yml', text: traefikProblems() },
  ];
}
