import { updateJson } from '@nx/devkit';
import type { Tree } from '@nx/devkit';
import { GeneratorError, capitalised } from './names.ts';
import type { ServiceNames } from './names.ts';
import { readText, replaceOnce } from './source-text.ts';
import { editYaml } from './wire-compose.ts';

/** The gateway's routes: the list and the single thing. */
export function wireGateway(tree: Tree, { service, plural }: ServiceNames): void {
  const upstream = service.kebab;
  const path = `/${plural.kebab}`;
  editYaml(tree, 'apps/gateway/gateway.yaml', (yaml) => {
    const routes = yaml.value(['routes']) as readonly { path: string }[];
    if (routes.some((route) => route.path === `/api${path}`)) {
      throw new GeneratorError(
        `The gateway has a route /api${path} already; name what the service keeps with --resource.`,
      );
    }
    const variable = `${service.snake.toUpperCase()}_UPSTREAM`;
    yaml.appendToBlock(
      ['upstreams'],
      `${upstream}:
  discover: '\${${variable}:-dns://${upstream}:3000}'
  contract: ../${upstream}/openapi.yaml`,
    );
    yaml.appendToBlock(
      ['routes'],
      `
# ${capitalised(plural.words)}
- path: /api${path}
  methods: [GET, POST]
  endpoint: { http: { upstream: ${upstream}, path: ${path} } }
- path: /api${path}/{id}
  methods: [GET]
  endpoint: { http: { upstream: ${upstream}, path: '${path}/{id}' } }`,
    );
  });
}

/** `npm start` runs it beside the others. */
export function wireStandalone(tree: Tree, { service, plural }: ServiceNames): void {
  const name = service.kebab;
  const services = 'apps/standalone/src/services.ts';
  const seed = `seed${plural.pascal}`;
  const migrations = `${service.camel}Migrations`;
  const create = `create${service.pascal}App`;
  replaceOnce(
    tree,
    services,
    /((?:import \{[^}]*\} from '@woodytoys\/[a-z-]+\/[a-z-]+';\n)+)/,
    `$1import { ${create}, ${migrations} } from '@woodytoys/${name}/app';
import { ${seed} } from '@woodytoys/${name}/seed';
`,
  );
  replaceOnce(tree, services, /(type DatabaseName =[^;]*);/, `$1 | '${name}';`);
  replaceOnce(
    tree,
    services,
    /(services: readonly ServiceDefinition\[\] = \[[^]*?)\n\];/,
    `$1\n  { name: '${name}', migrations: ${migrations}, seed: ${seed}, create: ${create} },\n];`,
  );
  updateJson(tree, 'apps/standalone/package.json', (json: PackageJson) => ({
    ...json,
    dependencies: sorted({ ...json.dependencies, [`@woodytoys/${name}`]: '*' }),
  }));
  addReference(tree, 'apps/standalone/tsconfig.json', `../${name}`);
  // Where apps may meet; see the rule's comment.
  replaceOnce(
    tree,
    'eslint.config.mjs',
    /(\^@woodytoys\/\((?:[a-z-]+\|)*[a-z-]+)\)/,
    `$1|${name})`,
  );
}

/** The root's list of all projects, as `nx sync` keeps it. */
export function wireWorkspace(tree: Tree, { service }: ServiceNames): void {
  addReference(tree, 'tsconfig.json', `./apps/${service.kebab}`);
}

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
}

function addReference(tree: Tree, file: string, path: string): void {
  readText(tree, file);
  updateJson(tree, file, (json: { references?: readonly { path: string }[] }) => ({
    ...json,
    references: [...(json.references ?? []), { path }],
  }));
}

function sorted(entries: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
