import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createTestLogger } from '@woodytoys/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GatewayConfigError, createGateway } from '../src/app.ts';
import { configSchema } from '../src/config/schema.ts';
import { builtInRegistry } from '../src/registry.ts';
import { durationMs, sizeBytes } from '../src/config/units.ts';
import { startBackend } from './support/backend.ts';
import { shippedConfig, temporaryFiles } from './support/gateway.ts';

/** What the gateway says against a configuration, as `file:line message`. */
async function mistakesOf(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const folder = temporaryFiles(files);
  const gateway = createGateway({
    configFile: join(folder, 'gateway.yaml'),
    environment,
    metrics: createMetricsRegistry({ defaultMetrics: false }).service('gateway'),
    log: createTestLogger(),
  });
  try {
    await gateway.start();
    return [];
  } catch (error) {
    if (!(error instanceof GatewayConfigError)) throw error;
    return error.mistakes.map(
      ({ file, line, message }) => `${file.replace(`${folder}/`, '')}:${line} ${message}`,
    );
  } finally {
    await gateway.stop();
  }
}

const good = `
upstreams:
  a: { discover: 'http://127.0.0.1:1' }
routes:
  - path: /a
    methods: [GET]
    endpoint: { http: { upstream: a } }
`;

describe('what a timer cannot wait', () => {
  it('is refused where it is written', async () => {
    const route = (rest: string) =>
      `  - { path: /${rest.length}, methods: [GET], endpoint: { reply: { status: 204 } }, ${rest} }\n`;
    const yaml = [
      'routes:\n',
      route('timeout: 0s'),
      route('idleTimeout: 597h'),
      route('incoming: [{ deadline: { budget: 9999h } }]'),
      route('incoming: [{ concurrency: { limit: 1, queueTimeout: 5000h } }]'),
      route('incoming: [{ transform: { expression: a, timeout: 0ms } }]'),
      route('timeout: 596h'),
    ].join('');
    const times = ['0s', '597h', '9999h', '5000h', '0ms'];
    expect(await mistakesOf({ 'gateway.yaml': yaml })).toEqual(
      times.map(
        (time, index) =>
          `gateway.yaml:${index + 2} nothing can be waited for ${time}; give a time from 1ms to 596h`,
      ),
    );
  });
});

describe('an alias', () => {
  it('of no anchor is a mistake by its line', async () => {
    const yaml = `${good}    incoming: [*limits]\n  - path: /b\n    incoming: [*limit]\n`;
    const at = good.split('\n').length;
    expect(await mistakesOf({ 'gateway.yaml': yaml })).toEqual([
      `gateway.yaml:${at} there is no anchor &limits before *limits; correct the name`,
      `gateway.yaml:${at + 2} there is no anchor &limit before *limit; correct the name`,
    ]);
  });

  it('that stands for too much is a mistake', async () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array.from({ length: 9 }, () => of).join(', ')}]\n`;
    const yaml = level('a', 'x') + level('b', '*a') + level('c', '*b') + level('d', '*c');
    expect(await mistakesOf({ 'gateway.yaml': yaml })).toEqual([
      expect.stringMatching(/^gateway.yaml:1 .*alias/),
    ]);
  });
});

describe('a configuration with mistakes', () => {
  it('tells every one by its line', async () => {
    const mistakes = await mistakesOf({
      'gateway.yaml': `upstreams:
  a: { discover: 'http://127.0.0.1:1', conections: 3 }
  b: {}
routes:
  - path: /a
    methods: [GET, FETCH]
    timeout: soon
    endpoint: { http: { upstream: a, pth: /b } }
  - path: /b
    methods: [GET]
    endpoint: { teleport: {} }
  - methods: [GET]
    incoming:
      - ratelimit
      - rateLimit: { limit: many }
    endpoint:
      http: { upstream: a }
`,
    });
    expect(mistakes).toEqual([
      expect.stringMatching(
        /^gateway.yaml:2 upstreams.a: "conections" is unknown; known are discover, .*\bconnections\b/,
      ),
      'gateway.yaml:3 upstreams.b: "discover" is missing',
      'gateway.yaml:6 routes.0.methods.1: must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      expect.stringMatching(/^gateway.yaml:7 routes.0.timeout: does not have the form/),
      expect.stringMatching(
        /^gateway.yaml:8 routes.0.endpoint.http: "pth" is unknown; known are upstream, path$/,
      ),
      expect.stringMatching(
        /^gateway.yaml:11 routes.1.endpoint: "teleport" is unknown; known are http, aggregate, stream(, \w+)*$/,
      ),
      'gateway.yaml:12 routes.2: "path" is missing',
      expect.stringMatching(
        /^gateway.yaml:14 routes.2.incoming.0: must be one of (\w+, )*headers, (\w+, )*rateLimit(, \w+)*$/,
      ),
      'gateway.yaml:15 routes.2.incoming.1.rateLimit.limit: must be integer',
    ]);
  });

  it('tells numbers where text belongs, and parameters as other routers write them', async () => {
    const of = (timeout: string, path: string) =>
      mistakesOf({
        'gateway.yaml': `upstreams: { a: { discover: 'http://127.0.0.1:1' } }
routes:
  - path: ${path}
    methods: [GET]
    timeout: ${timeout}
    outgoing: [{ headers: { set: { x-age: ${timeout} } } }]
    endpoint: { http: { upstream: a } }
`,
      });
    expect(await of('5', '/a/:id')).toEqual([
      expect.stringMatching(/^gateway.yaml:5 routes.0.timeout: must be text \(.*Written as 800ms/),
      expect.stringMatching(/^gateway.yaml:6 .*x-age: must be text; put it in quotes$/),
    ]);
    expect(await of('5s', '/a/:id/b')).toEqual([
      'gateway.yaml:3 "/a/:id/b": ":id" is no parameter here; write it as "{id}"',
    ]);
    expect(await of('5s', '/a:verb')).toEqual([]);
  });

  it('tells which filters an endpoint cannot have that writes its answer itself', async () => {
    const yaml = `upstreams: { a: { discover: 'http://127.0.0.1:1' } }
routes:
  - path: /events
    methods: [GET]
    incoming: [{ rateLimit: { limit: 1 } }, compress]
    outgoing: [{ headers: { remove: [server] } }]
    endpoint: { stream: { upstream: a } }
`;
    expect(await mistakesOf({ 'gateway.yaml': yaml })).toEqual([
      'gateway.yaml:7 the endpoint "stream" writes its answer itself; take out what waits for it: compress, headers',
    ]);
  });

  it('tells what the schema cannot see', async () => {
    const mistakes = await mistakesOf({
      'gateway.yaml': `upstreams:
  a: { discover: 'http://127.0.0.1:1' }
  b: { discover: nowhere }
routes:
  - path: a
    methods: [GET]
    endpoint: { http: { upstream: a } }
  - path: /b/{id}
    methods: [GET]
    parameters: { ident: id }
    endpoint: { http: { upstream: c } }
  - path: /c/{id}
    methods: [GET]
    endpoint: { http: { upstream: a, path: '/c/{ident}' } }
  - path: /d
    methods: [GET, POST]
    endpoint: { http: { upstream: a } }
  - path: /d
    methods: [POST]
    endpoint: { http: { upstream: a } }
  - path: /e
    methods: [GET]
    endpoint: { http: { upstream: b } }
`,
    });
    expect(mistakes).toEqual([
      expect.stringMatching(/^gateway.yaml:3 "nowhere" names no replicas/),
      expect.stringMatching(/^gateway.yaml:5 "a" is no path/),
      'gateway.yaml:10 the path has no parameter "ident"',
      'gateway.yaml:11 there is no upstream "c"; there are a, b',
      'gateway.yaml:14 the route\'s path has no parameter "ident"; it has "id"',
      'gateway.yaml:18 POST /d is there twice; keep one',
    ]);
  });

  it('tells what is not YAML, and a file that is not there', async () => {
    expect(await mistakesOf({ 'gateway.yaml': 'routes:\n  - [\n' })).toEqual([
      expect.stringMatching(/^gateway.yaml:\d /),
    ]);
    expect(await mistakesOf({ 'other.yaml': good })).toEqual([
      expect.stringMatching(/gateway.yaml:1 cannot be read \(ENOENT\)/),
    ]);
  });
});

describe('the environment in a configuration', () => {
  const withLimit = (value: string) =>
    good.replace('methods: [GET]', `methods: [GET]\n    timeout: ${value}`);

  it('fills in values, defaults where a variable is unset or empty', async () => {
    const limited = (text: string) =>
      good.replace(
        'methods: [GET]',
        `methods: [GET]\n    incoming:\n      - rateLimit:\n          limit: ${text}`,
      );
    expect(await mistakesOf({ 'gateway.yaml': limited('${LIMIT}') }, { LIMIT: '5' })).toEqual([]);
    expect(await mistakesOf({ 'gateway.yaml': limited('${LIMIT:-5}') }, { LIMIT: '' })).toEqual([]);
    expect(await mistakesOf({ 'gateway.yaml': limited("'${LIMIT}'") }, { LIMIT: '5' })).toEqual([
      expect.stringContaining('must be integer'),
    ]);
  });

  it('tells an unset variable by name and line', async () => {
    expect(await mistakesOf({ 'gateway.yaml': withLimit('${TIMEOUT}') })).toEqual([
      'gateway.yaml:7 the environment has no TIMEOUT; set it, or give a default: ${TIMEOUT:-…}',
    ]);
  });

  it('cannot change what is around a value', async () => {
    const injected = '1s\n    maxBody: 1MB';
    expect(
      await mistakesOf({ 'gateway.yaml': withLimit('${TIMEOUT}') }, { TIMEOUT: injected }),
    ).toEqual([expect.stringMatching(/^gateway.yaml:7 routes.0.timeout: does not have the form/)]);
  });

  it('leaves $$ a plain dollar', async () => {
    const dollar = good.replace('http://127.0.0.1:1', () => '$${x}');
    expect(await mistakesOf({ 'gateway.yaml': dollar })).toEqual([
      expect.stringContaining('"${x}" names no replicas'),
    ]);
  });
});

describe('included files', () => {
  it('add upstreams and routes, and mistakes are told by their own file and line', async () => {
    const root = `include: ['routes-*.yaml']\n${good}`;
    const more =
      '\nroutes:\n  - path: /more\n    methods: [GET]\n    endpoint: { http: { upstream: a } }\n';
    expect(await mistakesOf({ 'gateway.yaml': root, 'routes-1.yaml': more })).toEqual([]);
    expect(
      await mistakesOf({
        'gateway.yaml': root,
        'routes-1.yaml': more.replace('upstream: a', 'upstream: z'),
        'routes-2.yaml': more.replace('/more', '/a'),
      }),
    ).toEqual([
      'routes-1.yaml:5 there is no upstream "z"; there are a',
      'routes-2.yaml:3 GET /a is there twice; keep one',
    ]);
    expect(
      await mistakesOf({ 'gateway.yaml': root, 'routes-1.yaml': `\ndefaults: {}\n${more}` }),
    ).toEqual([
      expect.stringMatching(/^routes-1.yaml:2 "defaults" belongs in .*gateway.yaml alone/),
    ]);
    expect(
      await mistakesOf({
        'gateway.yaml': root,
        'routes-1.yaml': "upstreams:\n  a: { discover: 'http://x:1' }\n",
      }),
    ).toEqual(['routes-1.yaml:2 the upstream "a" is there twice; keep one']);
  });

  it('have to be there, and never are the file that includes them', async () => {
    expect(
      await mistakesOf({
        'gateway.yaml': `include: ['*.yaml', 'more/*.yaml', none.yaml]\n${good}`,
      }),
    ).toEqual([
      expect.stringMatching(/^gateway.yaml:1 no file in .* fits "more\/\*.yaml"; correct it/),
      expect.stringMatching(/^gateway.yaml:1 no file in .* fits "none.yaml"/),
    ]);
    expect(await mistakesOf({ 'gateway.yaml': `include: ['*.yaml']\n${good}` })).toEqual([]);
  });

  it('may be JSON, as the file that includes them', async () => {
    const { upstreams, ...rest } = parse(good) as Record<string, unknown>;
    const part = JSON.stringify({ upstreams: { b: { discover: 'nowhere' } } }, null, 2);
    const root = { include: ['*.json'], upstreams, ...rest };
    expect(await mistakesOf({ 'gateway.yaml': JSON.stringify(root), 'part.json': part })).toEqual([
      expect.stringMatching(/^part.json:4 "nowhere" names no replicas/),
    ]);
  });

  it('may be in folders', async () => {
    const folder = temporaryFiles({ 'gateway.yaml': `include: ['**/part.yaml']\n${good}` });
    mkdirSync(join(folder, 'x/y'), { recursive: true });
    writeFileSync(join(folder, 'x/y/part.yaml'), 'routes:\n  - path: a\n');
    const gateway = createGateway({
      configFile: join(folder, 'gateway.yaml'),
      environment: {},
      metrics: createMetricsRegistry({ defaultMetrics: false }).service('gateway'),
      log: createTestLogger(),
    });
    await expect(gateway.start()).rejects.toThrow(/x\/y\/part.yaml:2/);
  });
});

describe('what is shipped', () => {
  it('starts', async () => {
    const backend = await startBackend();
    const environment = {
      USER_UPSTREAM: backend.url,
      PRODUCT_UPSTREAM: backend.url,
      LOGISTICS_UPSTREAM: backend.url,
      ORDER_UPSTREAM: backend.url,
    };
    expect(await mistakesOf({ 'gateway.yaml': shippedConfig() }, environment)).toEqual([]);
  });

  it('has the schema that editors complete from, as the code has it', () => {
    const file = new URL('../gateway.schema.json', import.meta.url);
    const written: unknown = JSON.parse(readFileSync(file, 'utf8'));
    // Run `npm run schema -w @woodytoys/gateway` after a change.
    expect(written).toEqual(JSON.parse(JSON.stringify(configSchema(builtInRegistry()))));
  });
});

it('has a schema that is one, options of filters and endpoints included', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false });
  expect(() => ajv.compile(configSchema(builtInRegistry()))).not.toThrow();
});

it('reads durations and sizes with their units', () => {
  expect(['250ms', '3s', '2m', '1h'].map(durationMs)).toEqual([250, 3_000, 120_000, 3_600_000]);
  expect(['512B', '100kB', '5MB'].map(sizeBytes)).toEqual([512, 100_000, 5_000_000]);
});
