import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatFiles, generateFiles, getProjects, installPackagesTask, logger } from '@nx/devkit';
import type { GeneratorCallback, Tree } from '@nx/devkit';
import openapiTS, { COMMENT_HEADER, astToString } from 'openapi-typescript';
import { capitalised, serviceNames } from './names.ts';
import type { ServiceNames } from './names.ts';
import { readText } from './source-text.ts';
import { composeServices, wireCompose } from './wire-compose.ts';
import { wireGateway, wireStandalone, wireWorkspace } from './wire-platform.ts';

export interface ServiceOptions {
  readonly name: string;
  /** What the service keeps, in the singular; the service's name unless given. */
  readonly resource?: string;
  readonly skipInstall?: boolean;
}

/**
 * Adds a service with one resource, which is listed, read and created with an event, and wires it
 * into compose, the gateway, `npm start`, monitoring and the release.
 *
 * @returns what is done once the files are on the disk: `npm install` and the reference pages.
 * @throws GeneratorError when the name cannot be used; then nothing has been written.
 */
export async function serviceGenerator(
  tree: Tree,
  { name, resource = name, skipInstall = false }: ServiceOptions,
): Promise<GeneratorCallback> {
  const names = serviceNames(name, resource, namesInUse(tree));
  await addApp(tree, names);
  wireCompose(tree, names);
  wireGateway(tree, names);
  wireStandalone(tree, names);
  wireWorkspace(tree, names);
  await formatFiles(tree);

  return () => {
    if (!skipInstall) installPackagesTask(tree, true);
    execFileSync(process.execPath, [join(tree.root, 'tools/src/reference.ts')], {
      cwd: tree.root,
      stdio: 'inherit',
    });
    logger.info(nextSteps(names));
  };
}

/** The packages of the workspace and the containers of compose, each with what has the name. */
function namesInUse(tree: Tree): Map<string, string> {
  const known = new Map<string, string>();
  for (const container of composeServices(tree)) known.set(container, 'a container of compose');
  for (const [project, { root }] of getProjects(tree)) {
    known.set(project.replace('@woodytoys/', ''), root);
  }
  return known;
}

async function addApp(tree: Tree, names: ServiceNames): Promise<void> {
  const { service, one, plural, article } = names;
  const folder = `apps/${service.kebab}`;
  generateFiles(tree, fileURLToPath(new URL('./files', import.meta.url)), folder, {
    name: service.kebab,
    words: service.words,
    service,
    one,
    plural,
    file: plural.kebab,
    table: plural.snake,
    article,
    Article: capitalised(article),
    One: { words: capitalised(one.words) },
    Plural: { words: capitalised(plural.words) },
  });
  for (const [number, table] of [
    ['0002', 'outbox'],
    ['0003', 'inbox'],
  ]) {
    const sql = readText(tree, `libs/database/sql/${table}.sql`);
    tree.write(`${folder}/migrations/${number}_${table}.sql`, sql);
  }
  const contract = await openapiTS(readText(tree, `${folder}/openapi.yaml`));
  tree.write(`${folder}/src/contract.ts`, `${COMMENT_HEADER}${astToString(contract)}`);
}

function nextSteps({ service, plural }: ServiceNames): string {
  return `
${service.kebab} is there. Try it:
  npm test -- --project ${service.kebab}
  npm start                      then: curl localhost:8080/api/${plural.kebab}
Change its contract in apps/${service.kebab}/openapi.yaml, then run npm run generate.

A compose stack that has data already gets its database and accounts by:
  docker compose run --rm secrets
  docker compose exec postgres bash /docker-entrypoint-initdb.d/10-services.sh
  docker compose restart pgbouncer redis rabbitmq prometheus
  docker compose up --build --detach --wait
`;
}
