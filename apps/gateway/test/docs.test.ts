import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../src/audit/checking.ts';
import { unusedPort } from './support/backend.ts';
import { startGateway, temporaryFiles } from './support/gateway.ts';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
const guide = join(docs, 'gateway');
const pages = readdirSync(guide).filter((name) => name.endsWith('.md'));

const BLOCK = /^```yaml\n(.*?)^```$/gms;
/** The first line of a file that a configuration includes. */
const INCLUDED = /^# (\w[\w./-]*\.yaml)\n/;
const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g;

interface Examples {
  /** What has `routes:` at its top; a fragment, such as a list of routes, has not. */
  readonly whole: readonly string[];
  readonly included: Readonly<Record<string, string>>;
}

function examplesOf(markdown: string): Examples {
  const blocks = [...markdown.matchAll(BLOCK)].map(([, yaml]) => yaml as string);
  const named = blocks.filter((yaml) => INCLUDED.test(yaml));
  return {
    whole: blocks.filter((yaml) => !named.includes(yaml) && hasRoutes(yaml)),
    included: Object.fromEntries(named.map((yaml) => [INCLUDED.exec(yaml)?.[1] as string, yaml])),
  };
}

function hasRoutes(yaml: string): boolean {
  const value: unknown = parse(yaml);
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'routes');
}

/** A folder as a reader's clone is, as far as the pages lean on it. */
function clone(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFiles({});
  symlinkSync(docs, join(folder, 'docs'));
  mkdirSync(join(folder, 'node_modules/@acme'), { recursive: true });
  symlinkSync(join(guide, 'plugin-example'), join(folder, 'node_modules/@acme/gateway-filters'));
  const audit = `export const audit = { name: 'audit', options: {}, incoming: () => () => undefined };`;
  for (const [name, text] of Object.entries({ 'plugins/audit.ts': audit, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function mistakesOf(markdown: string): Promise<readonly string[]> {
  const { whole, included } = examplesOf(markdown);
  const found: string[] = [];
  for (const yaml of whole) {
    const folder = clone({ 'gateway.yaml': yaml, ...included });
    const { mistakes } = await checkConfig(join(folder, 'gateway.yaml'), {});
    found.push(...mistakes.map(({ line, message }) => `${line} ${message}`));
  }
  return found;
}

describe('the guide', () => {
  it.each(pages)('%s has no configuration that a gateway would refuse', async (page) => {
    expect(await mistakesOf(readFileSync(join(guide, page), 'utf8'))).toEqual([]);
  });

  it('has whole configurations, and a mistake in one is found', async () => {
    const all = pages.map((page) => readFileSync(join(guide, page), 'utf8'));
    expect(all.flatMap((page) => examplesOf(page).whole).length).toBeGreaterThanOrEqual(8);
    const first = readFileSync(join(guide, 'README.md'), 'utf8');
    expect(await mistakesOf(first.replace('methods: [GET]', 'method: [GET]'))).toHaveLength(2);
    expect(await mistakesOf('```yaml\n- path: /fragment\n```\n')).toEqual([]);
  });

  it.each(pages)('%s has no link that leads nowhere', (page) => {
    const broken = [...readFileSync(join(guide, page), 'utf8').matchAll(LINK)]
      .filter(([, file = '', anchor]) => !leadsSomewhere(join(guide, file || page), anchor))
      .map(([link]) => link);
    expect(broken).toEqual([]);
  });

  it('has a first configuration that answers, with the service that comes with it', async () => {
    const port = await unusedPort();
    const echo = spawn(process.execPath, [join(guide, 'demo/echo.js'), `${port}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void echo.kill());
    await once(echo.stdout, 'data');
    const [first = ''] = examplesOf(readFileSync(join(guide, 'README.md'), 'utf8')).whole;
    const gateway = await startGateway(first.replace('127.0.0.1:9001', `127.0.0.1:${port}`));
    const response = await fetch(`${gateway.url}/hello/ada`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      request: 'GET /greetings/ada',
      headers: { 'x-forwarded-path': '/hello/ada' },
    });
  });
});

function leadsSomewhere(file: string, anchor: string | undefined): boolean {
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].some(([, text = '']) => anchorOf(text) === anchor);
}

/** As GitHub names a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
