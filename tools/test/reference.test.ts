import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { publishedMessages } from '../src/reference/messages.ts';
import { referencePages } from '../src/reference/pages.ts';
import { yamlVariables } from '../src/reference/yaml-variables.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the reference', () => {
  it('is what npm run generate writes', async () => {
    const pages = await referencePages(root);
    expect(pages.map(({ path }) => path)).toEqual([
      ...['errors', 'metrics', 'dashboards', 'configuration', 'gateway', 'events'].map(
        (name) => `docs/reference/${name}.md`,
      ),
      'nginx/problems.conf',
      'infra/traefik/dynamic/problems.yml',
    ]);
    for (const { path, text } of pages) {
      const committed = await readFile(join(root, path), 'utf8');
      expect(committed, `${path} is out of date; run npm run generate`).toBe(text);
    }
  }, 60_000);
});

describe('the messages of a service', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  /** Within the workspace, so that the types of its libraries resolve. */
  async function read(events: string) {
    const folder = await mkdtemp(join(root, 'tools/test/.messages-'));
    folders.push(folder);
    const files = {
      'tsconfig.base.json': '{ "extends": "../../../tsconfig.base.json" }',
      'apps/toy/src/events.ts': `import type { NewOutboxMessage } from '@woodytoys/database';\n${events}`,
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return publishedMessages(folder, [{ name: 'toy', path: join(folder, 'apps/toy') }]);
  }

  it('are read with their texts, and bodies with all they are made of', async () => {
    const { messages, types } = await read(`
      const exchange = 'toys';
      const keys = { bent: 'toy.bent', broken: 'toy.broken' } as const;
      /** A part. */
      interface Part { readonly weightGrams: number }
      export interface Toy { readonly parts: readonly Part[]; readonly since?: Date }
      interface Unused { readonly x: number }
      export function toyChanged(broken: boolean, toy: Toy): NewOutboxMessage {
        const body: Toy = toy;
        return { exchange, routingKey: broken ? keys.broken : keys.bent, body };
      }
      export function toyAsked(id: number): NewOutboxMessage {
        return { exchange: 'asks', routingKey: 'toy.asked', body: { id }, mandatory: true };
      }`);
    expect(messages).toEqual([
      {
        app: 'toy',
        exchange: 'asks',
        routingKey: 'toy.asked',
        body: '{ id: number; }',
        mandatory: true,
      },
      { app: 'toy', exchange: 'toys', routingKey: 'toy.bent', body: 'Toy', mandatory: false },
      { app: 'toy', exchange: 'toys', routingKey: 'toy.broken', body: 'Toy', mandatory: false },
    ]);
    expect(types).toEqual([
      '/** A part. */\n      interface Part { readonly weightGrams: number }',
      'interface Toy { readonly parts: readonly Part[]; readonly since?: Date }',
    ]);
  }, 60_000);

  it('are refused when only the run decides what they are, with the place', async () => {
    const made = (routingKey: string) => `
      export function toyMade(name: string): NewOutboxMessage {
        return { exchange: 'toys', routingKey: ${routingKey}, body: { name } };
      }`;
    await expect(read(made('`toy.${name}`'))).rejects.toThrow(
      'apps/toy/src/events.ts: toyMade(): the types do not tell the text of "routingKey"',
    );
    await expect(
      read(
        `export function later(message: NewOutboxMessage): NewOutboxMessage { return message; }`,
      ),
    ).rejects.toThrow('apps/toy/src/events.ts: later() returns a NewOutboxMessage; expected');
  }, 60_000);
});

describe('the variables of a YAML file', () => {
  it('are found in values, each once, with where they are; $$ is no variable', () => {
    const text = `
      a: { port: '127.0.0.1:\${PORT:-80}:8080', list: [x, '\${PORT:-80}'] }
      # \${COMMENT}
      b: \${TOKEN} and \${EMPTY:-}
      c: $\${NOT}`;
    expect(yamlVariables(text)).toEqual([
      { name: 'EMPTY', default: '', places: ['b'] },
      { name: 'PORT', default: '80', places: ['a.port', 'a.list'] },
      { name: 'TOKEN', default: undefined, places: ['b'] },
    ]);
  });
});
