import type { Tree } from '@nx/devkit';
import type { ServiceNames } from './names.ts';
import { appendToList, readText, replaceOnce } from './source-text.ts';
import { YamlText } from './yaml-insert.ts';

const compose = 'docker-compose.yml';

/** The names of the containers, each with what has it. */
export function composeServices(tree: Tree): readonly string[] {
  const services = new YamlText(compose, readText(tree, compose)).value(['services']);
  return Object.keys(services as object);
}

/** The container, its secrets, its metrics, its image, and room for its connections. */
export function wireCompose(tree: Tree, { service }: ServiceNames): void {
  const name = service.kebab;
  wireContainer(tree, name);
  wireConnections(tree);
  appendToList(tree, 'infra/secrets/generate.mjs', /const services = .*\[/, name);
  editYaml(tree, 'prometheus/prometheus.yml', (yaml) => {
    const isServices = (job: unknown) => (job as { job_name: string }).job_name === 'services';
    yaml.appendToFlow(['scrape_configs', isServices, 'dns_sd_configs', 0, 'names'], name);
  });
  editYaml(tree, '.github/workflows/release.yml', (yaml) => {
    yaml.appendToFlow(['jobs', 'images', 'strategy', 'matrix', 'app'], name);
  });
}

function wireContainer(tree: Tree, name: string): void {
  editYaml(tree, compose, (yaml) => {
    const services = yaml.value(['services']) as Record<string, { image?: string }>;
    const ours = Object.keys(services).filter((key) =>
      services[key]?.image?.startsWith('woodytoys/'),
    );
    const container = `
${name}:
  <<: *app
  build: { context: ., args: { APP: ${name} } }
  image: woodytoys/${name}
  networks: [app, data]
  environment: *service-environment
  volumes: ['secrets-${name}:/run/secrets/woodytoys:ro']
  depends_on: *backing`;
    yaml.appendToBlock(['services'], container, ours.at(-1));
    yaml.appendToBlock(
      ['services', 'gateway', 'depends_on'],
      `${name}: { condition: service_healthy }`,
    );
    yaml.appendToBlock(['services', 'secrets', 'volumes'], `- secrets-${name}:/secrets/${name}`);
    yaml.appendToBlock(['volumes'], `secrets-${name}:`);
  });
}

/** PgBouncer opens 20 + 5 connections a database; 40 more are for migrations. */
const connectionsPerDatabase = 25;
const connectionsBeside = 40;

function wireConnections(tree: Tree): void {
  const ini = 'infra/pgbouncer/pgbouncer.ini';
  const [, databases] = /Budget: (\d+) databases/.exec(readText(tree, ini)) ?? [];
  const [, limit] = /-cmax_connections=(\d+)/.exec(readText(tree, compose)) ?? [];
  const serviceCount = servicesOf(tree).length;
  if (databases === undefined || limit === undefined) {
    throw new Error(`${ini} or ${compose} has changed: the budget of connections is not there.`);
  }
  if (serviceCount <= Number(databases)) return;
  const needed = serviceCount * connectionsPerDatabase + connectionsBeside;
  const enough = Math.max(Number(limit), needed + 10);
  replaceOnce(tree, compose, /-cmax_connections=\d+/, `-cmax_connections=${enough}`);
  replaceOnce(tree, ini, /Budget: \d+ databases/, `Budget: ${serviceCount} databases`);
  replaceOnce(tree, ini, /max_connections \(\d+\)/, `max_connections (${enough})`);
}

interface Container {
  readonly build?: { readonly args?: { readonly APP?: string } };
  readonly networks?: unknown;
}

/** The containers that have a database. */
function servicesOf(tree: Tree): string[] {
  const services = new YamlText(compose, readText(tree, compose)).value(['services']);
  return Object.entries(services as Record<string, Container>)
    .filter(([name, { build }]) => build?.args?.APP === name)
    .filter(([, { networks }]) => Array.isArray(networks) && networks.includes('data'))
    .map(([name]) => name);
}

export function editYaml(tree: Tree, path: string, edit: (yaml: YamlText) => void): void {
  const yaml = new YamlText(path, readText(tree, path));
  edit(yaml);
  tree.write(path, yaml.toString());
}
