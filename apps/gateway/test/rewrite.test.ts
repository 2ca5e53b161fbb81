import { describe, expect, it } from 'vitest';
import { problemOf, sendRaw, startGateway } from './support/gateway.ts';
import { postJson, startRoute } from './support/shaping.ts';

describe('rewrite', () => {
  it('makes GET /products?product=x into POST /products with a JSON body', async () => {
    const { backend, gateway } = await startRoute({
      path: '/products',
      incoming: [
        {
          rewrite: {
            method: 'POST',
            path: '/products',
            query: {},
            body: { name: '{query.product}' },
          },
        },
      ],
    });
    const response = await fetch(`${gateway.url}/products?product=Joli%20"train"`);
    expect(response.status).toBe(200);
    const [seen] = backend.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/products' });
    expect(seen?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(seen?.body as string)).toEqual({ name: 'Joli "train"' });
    const labels = { decider: 'rewrite', outcome: 'rewritten' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('makes path, query and headers from the path, the query, headers and a JSON body', async () => {
    const { backend, gateway } = await startRoute({
      path: '/shops/{shop}/sales',
      incoming: [
        {
          rewrite: {
            path: '/v2/{headers.x-tenant|main}/shops/{path.shop}/sales',
            query: { shop: '{path.shop}', tag: '{query.tag:list?}', by: '{body.seller.name}' },
            headers: { 'X-Seller': '{body.seller.id}', 'X-Absent': '{query.absent?}' },
          },
        },
      ],
    });
    const response = await postJson(`${gateway.url}/shops/a%20b/sales?tag=1&tag=%26x&other=2`, {
      seller: { id: 7, name: 'A&B=C' },
    });
    expect(response.status).toBe(200);
    const [seen] = backend.seen;
    expect(seen?.url).toBe('/v2/main/shops/a%20b/sales?shop=a%20b&tag=1&tag=%26x&by=A%26B%3DC');
    expect(seen?.headers['x-seller']).toBe('7');
    expect(seen?.headers).not.toHaveProperty('x-absent');
    // What no template replaces goes on as it came.
    expect(JSON.parse(seen?.body as string)).toEqual({ seller: { id: 7, name: 'A&B=C' } });
  });

  it('writes values into JSON with their types, leaves out what may be missing, and takes defaults', async () => {
    const { backend, gateway } = await startRoute({
      path: '/orders/{id}',
      methods: ['POST'],
      incoming: [
        {
          rewrite: {
            body: {
              id: '{path.id:integer}',
              lines: '{body.lines}',
              note: '{query.note?}',
              limit: '{query.limit:number|50}',
              gift: '{query.gift:boolean|false}',
              tags: '{query.tag:list}',
              title: 'Order {path.id} {{of}} {body.name}',
              fixed: [1, null, true, '{query.none?}'],
              everything: '{body}',
            },
          },
        },
      ],
    });
    const body = { name: 'A', lines: [{ product: 1 }] };
    await postJson(`${gateway.url}/orders/12?gift=true&tag=a&tag=b`, body);
    expect(JSON.parse(backend.seen[0]?.body as string)).toEqual({
      id: 12,
      lines: [{ product: 1 }],
      limit: 50,
      gift: true,
      tags: ['a', 'b'],
      title: 'Order 12 {of} A',
      fixed: [1, null, true],
      everything: body,
    });
  });

  it('reads the fields of a form, and writes one', async () => {
    const { backend, gateway } = await startRoute({
      path: '/login',
      methods: ['POST'],
      incoming: [{ rewrite: { form: { login: '{body.user}', kind: 'pass word' } } }],
    });
    await fetch(`${gateway.url}/login`, {
      method: 'POST',
      body: new URLSearchParams({ user: 'a&b' }),
    });
    const [seen] = backend.seen;
    expect(seen?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(seen?.body).toBe('login=a%26b&kind=pass%20word');
  });

  it('drops the body of a request that becomes GET, and keeps the other parameters when told', async () => {
    const { backend, gateway } = await startRoute({
      path: '/search',
      incoming: [{ rewrite: { method: 'GET', query: { q: '{body.text}' }, keepQuery: true } }],
    });
    await postJson(`${gateway.url}/search?page=2&q=old`, { text: 'x y' });
    const [seen] = backend.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/search?page=2&q=x%20y', body: '' });
    expect(seen?.headers).not.toHaveProperty('content-type');
    expect(seen?.headers).not.toHaveProperty('content-length');
  });

  it('does not let HEAD do what GET was made into', async () => {
    const { backend, gateway } = await startRoute({
      path: '/products',
      methods: ['GET'],
      incoming: [{ rewrite: { method: 'POST', body: {} } }],
    });
    const response = await fetch(`${gateway.url}/products`, { method: 'HEAD' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
    expect(backend.seen).toHaveLength(0);
  });

  it.each([
    ['a missing value', '?', '/query/product', 'is missing'],
    ['another type', '?product=a&count=1e999', '/query/count', 'must be a number'],
  ])('refuses %s with a pointer', async (_name, query, pointer, detail) => {
    const { backend, gateway } = await startRoute({
      path: '/products',
      incoming: [
        { rewrite: { body: { name: '{query.product}', count: '{query.count:number|1}' } } },
      ],
    });
    const response = await fetch(`${gateway.url}/products${query}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response))['errors']).toEqual([{ pointer, detail }]);
    expect(backend.seen).toHaveLength(0);
  });

  it.each(['..', '.', 'a/b', '..%2F..%2Fadmin', 'a%5Cb', 'a%00b', '%0D%0A', ''])(
    'refuses %j where it would leave its segment of a path',
    async (value) => {
      const { backend, gateway } = await startRoute({
        path: '/files',
        incoming: [{ rewrite: { path: '/v1/{query.name}' } }],
      });
      const response = await fetch(`${gateway.url}/files?name=${value}`);
      expect(response.status).toBe(400);
      await problemOf(response);
      expect(backend.seen).toHaveLength(0);
    },
  );

  it('keeps a value that looks like the rest of a URL within its segment', async () => {
    const { backend, gateway } = await startRoute({
      path: '/files',
      incoming: [{ rewrite: { path: '/v1/{query.name}' } }],
    });
    await fetch(`${gateway.url}/files?name=a%3Fadmin%3D1%23x%252e%26%20`);
    expect(backend.seen[0]?.url).toBe(
      '/v1/a%3Fadmin%3D1%23x%252e%26%20?name=a%3Fadmin%3D1%23x%252e%26%20',
    );
  });

  it('refuses a value that would end its header', async () => {
    const { backend, gateway } = await startRoute({
      path: '/x',
      incoming: [{ rewrite: { headers: { 'x-name': 'n={query.name}' } } }],
    });
    for (const name of ['a%0D%0Ax-user-id:%201', 'a%0Ab', 'a%00', '%E2%82%AC']) {
      expect((await fetch(`${gateway.url}/x?name=${name}`)).status).toBe(400);
    }
    expect(backend.seen).toHaveLength(0);
    await fetch(`${gateway.url}/x?name=%C3%A9`);
    expect(backend.seen[0]?.headers['x-name']).toBe('n=é');
  });

  it.each([
    ['no JSON', 'application/json', '{"name":', 400],
    ['text', 'text/plain', 'x', 415],
    ['a deep nest', 'application/json', `{"name":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, 400],
    ['no body', 'application/json', '', 400],
    ['a list for text', 'application/json', '{"name":["a"]}', 400],
    ['half a surrogate pair', 'application/json', '{"name":"\\ud800"}', 400],
    ['a member of every object', 'application/json', '{"x":1}', 400],
  ])('refuses a body of %s', async (_name, type, body, status) => {
    const { backend, gateway } = await startRoute({
      path: '/x',
      methods: ['POST'],
      incoming: [
        {
          rewrite: {
            query: { q: '{body.name}', c: '{body.constructor|none}' },
            body: '{body.name}',
          },
        },
      ],
    });
    const response = await fetch(`${gateway.url}/x`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(response.status).toBe(status);
    await problemOf(response);
    expect(backend.seen).toHaveLength(0);
  });

  it('leaves the connection fit for the next request when it replaced a body', async () => {
    const { backend, gateway } = await startRoute({
      path: '/x',
      methods: ['POST'],
      incoming: [{ rewrite: { body: { fixed: true } } }],
    });
    const one = 'POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello';
    const last = one.replace('host: x', 'host: x\r\nconnection: close');
    const answers = await sendRaw(gateway.port, one + last);
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(backend.seen.map(({ body }) => body)).toEqual(['{"fixed":true}', '{"fixed":true}']);
  });

  it.each([
    [{ path: '/{path.other}' }, 'the route\'s path has no such parameter; it has "id"'],
    [{ path: '/{query.a?}' }, 'cannot be left out'],
    [{ path: '/a?b' }, 'is no path'],
    [{ query: { a: '{cookies.a}' } }, 'the source "cookies" is unknown'],
    [{ query: { a: '{query.a:date}' } }, 'the type "date" is unknown'],
    [{ query: { a: '{query}' } }, 'has no name'],
    [{ query: { a: '{query.a' } }, 'has a single "{"'],
    [{ body: ['a}'] }, 'has a single "}"'],
    [{ headers: { 'Content-Length': '{query.a}' } }, 'belongs to the connection'],
    [{ headers: { a: 'x\ny' } }, 'a header cannot carry'],
    [{ body: {}, form: {} }, 'not both'],
  ])('refuses the options %j with the reason', async (options, message) => {
    const config = {
      upstreams: { a: { discover: 'http://127.0.0.1:1' } },
      routes: [
        {
          path: '/x/{id}',
          methods: ['GET'],
          incoming: [{ rewrite: options }],
          endpoint: { http: { upstream: 'a' } },
        },
      ],
    };
    await expect(startGateway(JSON.stringify(config, null, 2))).rejects.toThrow(message);
  });
});
