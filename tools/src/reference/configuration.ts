import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { backingConfig } from '@woodytoys/runtime';
import { configMarkdown } from '@woodytoys/service';
import type { ConfigShape } from '@woodytoys/service';
import { appFolders, exportsEndingWith } from './apps.ts';
import type { AppFolder } from './apps.ts';
import { code, table } from './table.ts';
import { yamlVariables } from './yaml-variables.ts';

/** The variables of every process, and those that two YAML files read. */
export async function configurationMarkdown(root: string): Promise<string> {
  const apps = await appFolders(root);
  const shared = (await Promise.all(apps.map(serviceProcesses))).flat();
  const sections = [
    '## Every service and worker',
    `The same for ${shared.map(code).join(', ')}.`,
    configMarkdown(backingConfig),
  ];
  for (const app of apps) {
    const settings = await exportsEndingWith(join(app.path, 'src/settings.ts'), 'Config');
    for (const shape of settings as ConfigShape[]) {
      // A default may be a path within this workspace, wherever that is.
      const variables = configMarkdown(shape).replaceAll(root, '');
      sections.push(`## ${app.name}`, processNote[app.name] ?? '', variables);
    }
  }
  sections.push(
    '## Routes and upstreams',
    'What `apps/gateway/gateway.yaml` and the files beside it in `facades/` read from the environment ' +
      'of the gateway and of `npm start`; the latter sets the upstreams and their keys itself.',
    await yamlTable(await gatewayFiles(root)),
    '## docker compose',
    'What `docker-compose.yml` reads from the shell that runs `docker compose`, or from `.env`.',
    await yamlTable([join(root, 'docker-compose.yml')]),
  );
  return sections.filter(Boolean).join('\n\n');
}

const processNote: Readonly<Record<string, string>> = {
  logistics: 'Read by `logistics-worker` alone.',
  standalone: 'The process of `npm start`, with every service and the gateway in it.',
};

/** The processes of an app that `runService` runs: `user`, `logistics`, `logistics-worker`. */
async function serviceProcesses({ name, path }: AppFolder): Promise<string[]> {
  const processes: string[] = [];
  for (const [file, process] of [
    ['main.ts', name],
    ['worker.ts', `${name}-worker`],
  ] as const) {
    const source = join(path, 'src', file);
    if (!existsSync(source)) continue;
    if ((await readFile(source, 'utf8')).includes('runService(')) processes.push(process);
  }
  return processes;
}

async function gatewayFiles(root: string): Promise<string[]> {
  const folder = join(root, 'apps/gateway');
  const facades = await readdir(join(folder, 'facades'));
  return [
    join(folder, 'gateway.yaml'),
    ...facades.toSorted().map((file) => join(folder, 'facades', file)),
  ];
}

async function yamlTable(files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const rows = yamlVariables(...texts).map((variable) => [
    code(variable.name),
    variable.default === undefined ? 'required' : code(variable.default),
    variable.places.map(code).join(', '),
  ]);
  return table(['variable', 'default', 'where'], rows);
}
