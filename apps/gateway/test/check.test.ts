import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../src/audit/index.ts';
import { checkConfig } from '../src/audit/checking.ts';
import { temporaryFiles } from './support/gateway.ts';

const script = fileURLToPath(new URL('../src/check.ts', import.meta.url));

/** The command as it is run. */
async function check(...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode ?? once(child, 'exit'),
  ]);
  return { output, errors, code: child.exitCode };
}

const file = (yaml: string) => join(temporaryFiles({ 'gateway.yaml': yaml }), 'gateway.yaml');

/** What the audit finds by one rule, as `line severity message`. */
async function found(rule: string, yaml: string): Promise<readonly string[]> {
  const { mistakes, findings } = await checkConfig(file(yaml), {});
  expect(mistakes).toEqual([]);
  return findings
    .filter((finding: Finding) => finding.rule === rule)
    .map(({ line, severity, message }) => `${line} ${severity} ${message}`);
}

const upstreams = "upstreams: { a: { discover: 'http://127.0.0.1:1' } }\n";
const route = (path: string, methods = 'GET', more = '') =>
  `  - path: ${path}
    methods: [${methods}]
    endpoint: { http: { upstream: a } }
${more && `    ${more}\n`}`;

describe('the check of a configuration', () => {
  it('is good for one without a mistake, and says what is in it', async () => {
    const { output, code } = await check(file(`${upstreams}routes:\n${route('/a')}`));
    expect(output).toContain('1 route of 1 file: 0 errors, 2 warnings, 1 note');
    expect(code).toBe(0);
  });

  it('tells every mistake as a gateway would, and fails', async () => {
    const bad = file(`${upstreams}routes:\n${route('a')}${route('/b', 'GET', 'timeout: ${T}')}`);
    const { output, code } = await check(bad);
    expect(output).toContain('gateway.yaml:9  the environment has no T');
    expect(code).toBe(1);
    const two = await check(file(`${upstreams}routes:\n${route('a')}${route('b')}`), '--json');
    expect(two.code).toBe(1);
    expect(JSON.parse(two.output)).toMatchObject({
      ok: false,
      mistakes: [{ line: 3 }, { line: 6 }],
    });
  });

  it('fails for warnings when it is strict, but for rules that are left out', async () => {
    const limited = 'incoming: [{ rateLimit: { limit: 1 } }]\n    timeout: 1s';
    const one = file(`${upstreams}routes:\n${route('/a', 'POST', limited)}`);
    expect((await check(one)).code).toBe(0);
    const strict = await check(one, '--strict');
    expect(strict.output).toMatch(
      /^warning .*gateway.yaml:3 {2}POST \/a is open to all.*\[open\]$/m,
    );
    expect(strict.code).toBe(1);
    expect((await check(one, '--strict', '--ignore', 'open')).code).toBe(0);
  });

  it('fails with 2 when it is asked wrongly', async () => {
    const { code, errors } = await check('--what');
    expect(code).toBe(2);
    expect(errors).toContain('gateway:check -- [FILE]');
    expect((await check('a.yaml', 'b.yaml')).code).toBe(2);
  });

  it('is good for what the gateway comes with', async () => {
    const { output } = await check('--ignore', 'open');
    expect(output).toContain('0 errors');
    const warnings = output.split('\n').filter((line) => line.startsWith('warning'));
    // The clients of the first Woodytoys know GET alone, at paths that the API has too.
    expect(warnings.filter((line) => !line.includes('is 405 on woodytoys.localhost'))).toEqual([]);
  });
});

describe('the audit', () => {
  it('finds routes that have the built-in timeout alone', async () => {
    const routes = `${route('/a')}${route('/b', 'GET', 'timeout: 10s')}`;
    expect(await found('no-timeout', `${upstreams}routes:\n${routes}`)).toEqual([
      expect.stringContaining('3 warning GET /a has no timeout but the built-in 10s'),
    ]);
    const defaults = 'defaults: { route: { timeout: 5s } }\n';
    expect(await found('no-timeout', `${defaults}${upstreams}routes:\n${routes}`)).toEqual([]);
  });

  it('finds routes without a limit, and routes that are open to all', async () => {
    const limit = 'incoming: [{ rateLimit: { limit: 1 } }]';
    const yaml = `${upstreams}routes:\n${route('/a')}${route('/b', 'GET, PUT', limit)}`;
    expect(await found('no-limit', yaml)).toEqual([
      expect.stringContaining('3 warning GET /a has no limit'),
    ]);
    expect(await found('open', yaml)).toEqual([
      expect.stringContaining('3 note GET /a is open to all;'),
      expect.stringContaining('6 warning GET, PUT /b is open to all, and may change something'),
    ]);
  });

  it('finds filters without what they need', async () => {
    const by = (incoming: string) => `${upstreams}routes:\n${route('/a', 'GET', incoming)}`;
    const token = "authenticate: { issuer: 'http://x', jwks: 'http://x/jwks', audience: [toys] }";
    const scope = 'authorize: { scopes: [a] }';
    const cors = "cors: { origins: ['http://x'] }";
    const count = 'rateLimit: { limit: 1, key: subject }';
    const wrong = [
      [`[{ ${scope} }]`, '"authorize" answers 401 to everybody'],
      [`[{ ${count} }]`, '"rateLimit" counts addresses'],
    ];
    for (const [incoming, message] of wrong) {
      expect(await found('order', by(`incoming: ${incoming}`))).toEqual([
        expect.stringMatching(new RegExp(`^3 warning GET /a: .*${message}`)),
      ]);
    }
    const right = `incoming: [{ ${cors} }, { ${token} }, { ${scope} }, { ${count} }, cache]`;
    expect(await found('order', by(right))).toEqual([]);
    expect(await found('order', by('incoming: [cache, { rateLimit: { limit: 1 } }]'))).toEqual([]);
  });

  it('finds methods that the path before another takes from it', async () => {
    const routes = `${route('/a/{id}', 'GET, PUT')}${route('/a/last')}${route('/b/{id}')}${route('/b/last')}`;
    expect(await found('shadowed', `${upstreams}routes:\n${routes}`)).toEqual([
      expect.stringContaining('6 note PUT /a/last is 405, although /a/{id} has it'),
    ]);
  });

  it('finds methods of any host that a host takes away, also by other paths', async () => {
    const onHost = (path: string, methods: string) => route(path, methods, 'host: shop.example');
    const same = `${route('/a/{id}', 'GET, DELETE')}${onHost('/a/{id}', 'GET, DELETE')}`;
    expect(await found('shadowed', `${upstreams}routes:\n${same}`)).toEqual([]);
    for (const path of ['/a/{id}', '/a/*']) {
      const hidden = `${route('/a/b', 'GET, DELETE')}${onHost(path, 'GET')}`;
      expect(await found('shadowed', `${upstreams}routes:\n${hidden}`)).toEqual([
        expect.stringContaining(
          `6 warning DELETE ${path} is 405 on shop.example, although /a/b of`,
        ),
      ]);
    }
  });

  it('finds upstreams that no route leads to', async () => {
    const more = `upstreams:\n  a: { discover: 'http://x:1' }\n  b: { discover: 'http://y:1' }\n`;
    expect(await found('unused-upstream', `${more}routes:\n${route('/a')}`)).toEqual([
      expect.stringContaining('3 warning no route leads to the upstream "b"'),
    ]);
  });

  it('leaves alone upstreams that another splits requests among or mirrors them to', async () => {
    const more = `upstreams:
  a: { split: { b: 9, c: 1 } }
  b: { discover: 'http://x:1', mirror: { upstream: d } }
  c: { discover: 'http://y:1' }
  d: { discover: 'http://z:1' }
  e: { discover: 'http://z:1' }
`;
    expect(await found('unused-upstream', `${more}routes:\n${route('/a')}`)).toEqual([
      expect.stringContaining('6 warning no route leads to the upstream "e"'),
    ]);
  });

  it('finds secrets that are written in the file, and never repeats them', async () => {
    const headers = (set: string) => route('/a', 'GET', `incoming: [{ headers: { set: ${set} } }]`);
    const secret = async (set: string) => found('secret', `${upstreams}routes:\n${headers(set)}`);
    const written = [
      '{ x-api-key: abc123 }',
      "{ authorization: 'Bearer 0123456789abcdef' }",
      "{ x: 'amqp://me:hunter2@host' }",
      "{ x-token: '${TOKEN:-abc123}' }",
    ];
    for (const set of written) {
      const [finding, ...others] = await secret(set);
      expect(finding).toMatch(/^6 error .* is written in the file/);
      expect(finding).not.toMatch(/abc123|0123456789|hunter2/);
      expect(others).toEqual([]);
    }
    expect(await secret("{ x-api-key: '${KEY:-}', x: 'amqp://host' }")).toEqual([]);
    const passedOn = (password: string) =>
      found(
        'secret',
        `${upstreams}routes:\n${route('/a', 'POST', `incoming: [{ rewrite: { body: { password: '${password}' } } }]`)}`,
      );
    expect(await passedOn('{body.password}')).toEqual([]);
    expect(await passedOn('{body.password|abc123}')).toHaveLength(1);
  });
});
