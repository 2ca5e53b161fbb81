import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../src/audit/checking.ts';
import type { Answering } from './support/backend.ts';
import { sendJson, unusedPort } from './support/backend.ts';
import { problemOf, startGateway, temporaryFiles } from './support/gateway.ts';
import { postJson, startRoute } from './support/shaping.ts';

const answering =
  (
    body: unknown,
    { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
  ): Answering =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body));
  };

/** A gateway that answers from what the service says. */
const responding = (respond: object, answer: Answering, route: object = {}) =>
  startRoute({ path: '/x/{id}', outgoing: [{ respond }], ...route }, answer);

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('respond', () => {
  it('makes plain text of the answer, the request and the time', async () => {
    const { gateway, backend } = await responding(
      {
        headers: { 'X-Of': '{answerHeaders.x-from}' },
        text: '{now.seconds:integer} {request.method} {request.path} {path.id}: {answer.count} products (last={answer.last.name}, {query.a|none}, {headers.x-who}, {status}) {{}}',
      },
      answering(
        { count: 2, last: { name: 'Joli <train>' } },
        { headers: { 'x-from': 'db', etag: '"1"' } },
      ),
      { incoming: [{ rewrite: { path: '/y', query: {} } }] },
    );
    const asked = Math.floor(Date.now() / 1_000);
    const response = await fetch(`${gateway.url}/x/7?a=b%20c`, {
      headers: { 'x-who': 'Bob', 'if-none-match': '"1"', 'accept-encoding': 'gzip' },
    });
    const text = await response.text();
    expect(text.slice(text.indexOf(' '))).toBe(
      ' GET /x/7 7: 2 products (last=Joli <train>, b c, Bob, 200) {}',
    );
    expect(Number.parseInt(text, 10)).toBeGreaterThanOrEqual(asked);
    expect(Number.parseInt(text, 10)).toBeLessThan(asked + 60);
    const { headers } = response;
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-of')).toBe('db');
    expect(headers.get('etag')).toBeNull();
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    // Another answer than the whole one, packed by nobody, could not be worked on.
    expect(backend.seen[0]?.headers).not.toHaveProperty('if-none-match');
    expect(backend.seen[0]?.headers['accept-encoding']).toBe('identity');
    const labels = { decider: 'respond', outcome: 'made' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('makes JSON with lists, values that stand for others, and nulls', async () => {
    const { gateway } = await responding(
      {
        status: 201,
        lists: {
          ids: { of: '{item.lines}', as: '{item.id}', join: ',' },
          products: {
            of: '{answer.items}',
            first: 2,
            as: {
              id: '{item.productId}',
              nom: '{item.name}',
              description: '{item.text}',
              note: '{item.note?}',
              prix: '{item.cents:number|0}',
              lignes: '{lists.ids}',
              etat: '{values.state}',
            },
          },
          names: { of: '{answer.items}', as: '{item.note?}' },
          stock: { of: '{answer.items}', key: '{item.name}', as: '{item.left?}' },
          byNote: { of: '{answer.items}', key: 'note {item.note?}', as: '{lists.ids}' },
        },
        values: {
          state: {
            of: '{item.status}',
            is: { pending: 'en attente', validated: 'Success', null: null },
            otherwise: '?{item.status}',
          },
        },
        json: {
          timestamp: '{now}',
          status: '{status}',
          message: 'OK {requestId}',
          success: true,
          data: '{lists.products}',
          notes: '{lists.names}',
          stock: '{lists.stock}',
          byNote: '{lists.byNote}',
          absent: '{answer.absent?}',
          zero: [0, '{answer.none|x}'],
        },
      },
      answering({
        none: null,
        items: [
          {
            productId: 1,
            name: 'Yoyo "é"',
            text: null,
            note: null,
            left: 7,
            cents: 9.5,
            status: 'pending',
            lines: [{ id: 4 }, { id: 5 }],
          },
          { productId: 2, name: 'Train', text: 't', note: 'n', lines: [], status: null },
          { productId: 3, name: '__proto__', left: 0, text: 't', lines: [{ id: 1 }], status: 'x' },
        ],
      }),
    );
    const response = await fetch(`${gateway.url}/x/1`, { headers: { 'x-request-id': 'r-1' } });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    const first = {
      id: 1,
      nom: 'Yoyo "é"',
      description: null,
      prix: 9.5,
      lignes: '4,5',
      etat: 'en attente',
    };
    const second = {
      id: 2,
      nom: 'Train',
      description: 't',
      note: 'n',
      prix: 0,
      lignes: '',
      etat: null,
    };
    expect(await response.json()).toEqual({
      timestamp: expect.stringMatching(ISO) as string,
      status: 200,
      message: expect.stringMatching(/^OK ./) as string,
      success: true,
      data: [first, second],
      notes: ['n'],
      stock: JSON.parse('{"Yoyo \\"é\\"":7,"__proto__":0}') as unknown,
      byNote: { 'note n': '' },
      zero: [0, 'x'],
    });
  });

  it.each([
    [200, 200, '{"ok":true}'],
    [404, 200, 'None'],
    [429, 429, '{"success":false,"message":"slow down"}'],
    [418, 418, '{"success":false,"message":"slow down"}'],
    [503, 503, '{"detail":"slow down"}'],
    [202, 204, ''],
  ])('answers %i as the table by status says', async (status, becomes, body) => {
    const failed = { json: { success: false, message: '{answer.detail}' } };
    const { gateway } = await responding(
      {
        json: { ok: true },
        when: { 404: { status: 200, text: 'None' }, '4xx': failed, 202: { status: 204 } },
      },
      answering({ detail: 'slow down' }, { status }),
    );
    const response = await fetch(`${gateway.url}/x/1`);
    expect(response.status).toBe(becomes);
    expect(await response.text()).toBe(body);
  });

  it('says what the gateway itself refuses and fails in, when it is listed in incoming', async () => {
    const port = await unusedPort();
    const plain = { text: '{status}: {answer.detail}' };
    const { gateway, backend } = await startRoute({
      path: '/x',
      incoming: [
        { respond: { text: 'product {query.product}', when: { '4xx': plain, '5xx': plain } } },
        { rewrite: { method: 'POST', body: { name: '{query.product}' } } },
      ],
    });
    const ask = (query: string, method = 'GET') => fetch(`${gateway.url}/x${query}`, { method });
    expect(await (await ask('?product=a')).text()).toBe('product a');
    const missing = await ask('');
    expect(missing.status).toBe(400);
    expect(missing.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await missing.text()).toBe('400: /query/product is missing.');
    const head = await ask('?product=a', 'HEAD');
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect(backend.seen).toHaveLength(1);
    await backend.close();
    const down = await startGateway(
      JSON.stringify({
        upstreams: { a: { discover: `http://127.0.0.1:${port}` } },
        routes: [
          {
            path: '/x',
            methods: ['GET'],
            incoming: [{ respond: { when: { 503: plain } } }],
            endpoint: { http: { upstream: 'a' } },
          },
        ],
      }),
    );
    const failed = await fetch(`${down.url}/x`);
    expect(failed.status).toBe(503);
    expect(failed.headers.get('retry-after')).toBe('1');
    expect(await failed.text()).toMatch(/^503: The service a cannot be reached/);
  });

  it('refuses a body larger than the route takes, and leaves the connection fit', async () => {
    const { gateway, backend } = await startRoute({
      path: '/x',
      maxBody: '1kB',
      incoming: [{ respond: { json: { said: '{body.a}' }, when: { 413: { text: 'too much' } } } }],
    });
    const large = await postJson(`${gateway.url}/x`, { a: 'x'.repeat(100_000) });
    expect([large.status, await large.text()]).toEqual([413, 'too much']);
    expect(backend.seen).toHaveLength(0);
    const small = await postJson(`${gateway.url}/x`, { a: [1] });
    expect(await small.json()).toEqual({ said: [1] });
    expect(backend.seen).toHaveLength(1);
  });

  it('reads packed answers and text, and passes what it has nothing to say of', async () => {
    const packed = await responding(
      { json: '{answer.a}' },
      answering(zlib.gzipSync('{"a":[1,{"b":2}]}'), { headers: { 'content-encoding': 'gzip' } }),
    );
    const response = await fetch(`${packed.gateway.url}/x/1`);
    expect(await response.json()).toEqual([1, { b: 2 }]);
    const text = await responding(
      { text: '"{answer}"', headers: { 'content-type': 'text/html' } },
      answering('<b>', { headers: { 'content-type': 'text/plain' } }),
    );
    expect(await (await fetch(`${text.gateway.url}/x/1`)).text()).toBe('"&lt;b&gt;"');
    const headersAlone = await responding(
      { headers: { 'x-a': '{answer.a}' }, when: { 404: {} } },
      answering('{ "a": "b" }'),
    );
    const kept = await fetch(`${headersAlone.gateway.url}/x/1`);
    expect(kept.headers.get('x-a')).toBe('b');
    expect(await kept.text()).toBe('{ "a": "b" }');
    const image = await responding(
      { headers: { 'x-a': '{status}' } },
      answering('GIF', { headers: { 'content-type': 'image/gif' } }),
    );
    const passed = await fetch(`${image.gateway.url}/x/1`);
    expect([passed.headers.get('x-a'), await passed.text()]).toEqual(['200', 'GIF']);
  });

  it('answers HEAD with what is known without a body, and makes one where the service had none', async () => {
    const { gateway, backend } = await responding(
      { headers: { 'x-a': '{answer.a}', 'x-b': '{path.id}' }, text: 'text' },
      (request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 9 });
        response.end(request.method === 'HEAD' ? undefined : '{"a":"b"}');
      },
    );
    const head = await fetch(`${gateway.url}/x/7`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(head.headers.get('content-length')).toBeNull();
    expect([head.headers.get('x-a'), head.headers.get('x-b')]).toEqual([null, '7']);
    expect(backend.seen[0]?.method).toBe('HEAD');
    const empty = await responding(
      { json: { gone: true }, when: { 204: { status: 200, json: { was: '{answer.a|nothing}' } } } },
      (_request, response) => void response.writeHead(204).end(),
    );
    expect(await (await fetch(`${empty.gateway.url}/x/1`)).json()).toEqual({ was: 'nothing' });
    const still = await responding(
      { json: { gone: true } },
      (_request, response) => void response.writeHead(204).end(),
    );
    const none = await fetch(`${still.gateway.url}/x/1`);
    expect([none.status, none.headers.get('content-type')]).toEqual([204, null]);
  });

  it.each([
    ['no JSON', '{"a":', 'application/json', 200],
    ['another type', 'GIF', 'image/gif', 200],
    ['nothing', '', 'application/json', 200],
    ['another type of value', '{"a":{}}', 'application/json', 200],
    ['a null for text', '{"a":null}', 'application/json', 200],
    ['too much', JSON.stringify({ a: 'x'.repeat(3_000) }), 'application/json', 200],
    ['what becomes too much', JSON.stringify({ a: 'x'.repeat(1_000) }), 'application/json', 200],
    ['a part', '{"a":1}', 'application/json', 206],
    ['a deep nest', `{"a":${'['.repeat(900)}${']'.repeat(900)}}`, 'application/json', 200],
    ['half a surrogate pair', '{"a":"\\ud800"}', 'application/json', 200],
  ])('answers 502 to %s', async (_name, body, type, status) => {
    const { gateway } = await responding(
      { text: '{answer.a}{answer.a}{answer.a}', maxAnswer: '2kB' },
      answering(body, { status, headers: { 'content-type': type } }),
    );
    const response = await fetch(`${gateway.url}/x/1`);
    expect(response.status).toBe(502);
    expect((await problemOf(response))['detail']).toBe(
      'The answer of the service could not be used.',
    );
    const labels = { decider: 'respond', outcome: 'unusable' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('lets the cache keep what was made, also for HEAD and after a failure', async () => {
    let fails = true;
    const { gateway, backend } = await responding(
      { text: '{now} {answer.a} {query.q}', when: { '5xx': { text: 'down' } } },
      (_request, response) => {
        sendJson(response, fails ? 500 : 200, { a: 1 });
        fails = false;
      },
      { incoming: [{ cache: { ttl: '1m' } }] },
    );
    const ask = async (query: string, method = 'GET') => {
      const response = await fetch(`${gateway.url}/x/1?q=${query}`, { method });
      return { text: await response.text(), how: response.headers.get('x-cache') };
    };
    expect((await ask('a')).text).toBe('down');
    expect((await ask('a', 'HEAD')).how).toBe('MISS');
    const first = await ask('a');
    expect(first.how).toBe('HIT');
    expect(first.text).toMatch(/Z 1 a$/);
    expect(await ask('a')).toEqual(first);
    expect((await ask('b')).text).toMatch(/Z 1 b$/);
    expect(backend.seen).toHaveLength(3);
  });

  it('keeps any value of an answer within its place', async () => {
    let said: unknown;
    const { gateway } = await responding(
      {
        lists: { all: { of: '{answer.list}', as: { v: '{item}', t: '{item:text|-}' } } },
        json: { all: '{lists.all}', one: '{answer.one}', text: 'a {answer.text|none} b' },
      },
      (_request, response) => sendJson(response, 200, said),
    );
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(leaf), fc.jsonValue(), fc.string(), async (list, one, text) => {
        said = { list, one, text };
        const response = await fetch(`${gateway.url}/x/1`);
        expect(await response.json()).toEqual(
          JSON.parse(
            JSON.stringify({
              all: list.map((v) => ({ v, t: String(v) })),
              one,
              text: `a ${text} b`,
            }),
          ),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('the options of respond', () => {
  const mistakesOf = async (respond: object, incoming: readonly unknown[] = [], around = false) => {
    const route = {
      path: '/x/{id}',
      methods: ['GET'],
      incoming: around ? [...incoming, { respond }] : incoming,
      outgoing: around ? [] : [{ respond }],
      endpoint: { reply: { text: 'x' } },
    };
    const folder = temporaryFiles({ 'gateway.yaml': JSON.stringify({ routes: [route] }) });
    const { mistakes } = await checkConfig(`${folder}/gateway.yaml`, {});
    return mistakes.map(({ message }) => message).join('\n');
  };

  it.each([
    [{ text: 'a', json: {} }, 'not both'],
    [{ status: 204, text: 'a' }, 'has no body'],
    [{ text: '{item.a}' }, 'the source "item" is unknown'],
    [{ text: '{lists.a}' }, 'lists has no such name'],
    [{ text: '{now.days}' }, 'there is {now.seconds}, {now.milliseconds}'],
    [{ text: '{status.code}' }, 'there is {status}'],
    [{ text: '{path.other}' }, 'the route\'s path has no such parameter; it has "id"'],
    [{ lists: { a: { of: '{lists.a}', as: 1 } } }, '"{lists.a}": lists has no such name'],
    [{ lists: { a: { of: 'items', as: 1 } } }, 'is no list'],
    [{ lists: { a: { of: '{answer}', as: 1, key: 'a', join: ',' } } }, 'not both'],
    [{ values: { a: { of: '{values.b}', is: {} }, b: { of: '1', is: {} } } }, 'values has no such'],
    [{ headers: { 'content-length': '1' } }, 'belongs to the connection'],
    [{ when: { 99: { text: 'a' } } }, '99'],
    [{ when: { '1xx': { text: 'a' } } }, '1xx'],
    [{ json: JSON.parse('{"__proto__":1}') as unknown }, 'cannot be called "__proto__"'],
    [{}, ''],
  ])('%j are refused with the reason', async (respond, message) => {
    const mistakes = await mistakesOf(respond);
    expect(mistakes).not.toBe('');
    expect(mistakes).toContain(message);
  });

  it('do not let the cache give one client what was made for another', async () => {
    for (const text of ['{requestId}', '{headers.x-who}', '{subject|nobody}']) {
      const shapes = [
        { text },
        { when: { 404: { text } } },
        { headers: { 'x-a': text } },
        { lists: { a: { of: '{answer}', as: text } } },
      ];
      for (const shape of shapes) {
        expect(await mistakesOf(shape, ['cache'])).toContain('would be given to others');
        expect(await mistakesOf(shape, ['cache'], true)).toContain('would be given to others');
        expect(await mistakesOf(shape)).toBe('');
      }
    }
    expect(await mistakesOf({ text: '{query.a} {now}' }, ['cache'])).toBe('');
  });
});
