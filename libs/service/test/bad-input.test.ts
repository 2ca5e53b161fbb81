import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readProblem, startApi } from './support/api.ts';
import { RawConnection } from './support/raw.ts';

const json = { 'content-type': 'application/json' };
const user = { name: 'Ada', email: 'ada@example.com' };

async function post(body: RequestInit['body'], headers: Record<string, string> = json) {
  const { url, server } = await startApi();
  const init: RequestInit = { method: 'POST', headers };
  if (body !== undefined) init.body = body;
  if (body instanceof ReadableStream) Object.assign(init, { duplex: 'half' });
  const response = await fetch(`${url}/users`, init);
  const isProblem = response.headers.get('content-type') === 'application/problem+json';
  return { response, server, problem: isProblem ? await readProblem(response) : undefined };
}

function codeOf(problem: { type: string } | undefined): string | undefined {
  return problem?.type.replace('urn:woodytoys:problem:', '');
}

describe('a path', () => {
  it.each(['/users/%zz', '/users/%', '/users/%ff', '/users/%c3%28', '/users/%00', '/users/1%00'])(
    'that cannot be decoded is 400: %s',
    async (path) => {
      const { url } = await startApi();
      const response = await fetch(url + path);
      expect(response.status).toBe(400);
      expect((await readProblem(response)).errors).toMatchObject([{ pointer: '/path' }]);
    },
  );

  it.each(['0', '-1', 'x', '1e3', '01', '9223372036854775808', '1%2F2', '..%2F1', '%20'])(
    'with the id %s is 400 with a pointer',
    async (id) => {
      const { url } = await startApi();
      const response = await fetch(`${url}/users/${id}`);
      expect(response.status).toBe(400);
      expect((await readProblem(response)).errors).toMatchObject([{ pointer: '/path/id' }]);
    },
  );
});

describe('a query', () => {
  it.each([
    ['limit=0', '/query/limit'],
    ['limit=-1', '/query/limit'],
    ['limit=100000', '/query/limit'],
    ['limit=1&limit=2', '/query/limit'],
    ['nope=1', '/query/nope'],
    ['cursor=%zz', '/query/cursor'],
  ])('?%s is 400 with a pointer', async (query, pointer) => {
    const { url } = await startApi();
    const response = await fetch(`${url}/users?${query}`);
    expect(response.status).toBe(400);
    const problem = await readProblem(response);
    expect(codeOf(problem)).toBe('WT-PARAMETER-INVALID');
    expect(problem.errors).toMatchObject([{ pointer }]);
    expect(problem.instance).toBe('/users');
  });
});

describe('a body', () => {
  it('that fits its schema reaches the handler', async () => {
    const { response } = await post(JSON.stringify(user));
    expect(await response.json()).toMatchObject({ body: { ...user, role: 'guest' } });
  });

  it.each([
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/json;charset="UTF-8"',
  ])('may be of type %s', async (type) => {
    const { response } = await post(JSON.stringify(user), { 'content-type': type });
    expect(response.status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('of type %s is 415', async (type) => {
    const { response, problem } = await post(JSON.stringify(user), { 'content-type': type });
    expect(response.status).toBe(415);
    expect(codeOf(problem)).toBe('WT-MEDIA-TYPE-UNSUPPORTED');
  });

  it('without a type is 415', async () => {
    const { response } = await post(new Uint8Array([123, 125]), {});
    expect(response.status).toBe(415);
  });

  it('that is missing is 415, and empty 400', async () => {
    expect((await post(undefined, {})).response.status).toBe(415);
    const { response, problem } = await post('', json);
    expect(response.status).toBe(400);
    expect(codeOf(problem)).toBe('WT-BODY-MALFORMED');
  });

  it('that the contract does not ask for may be left out', async () => {
    const { url } = await startApi();
    const response = await fetch(`${url}/users/1`, { method: 'PATCH' });
    expect(response.status).toBe(200);
    expect(await response.json()).not.toHaveProperty('body');
  });

  it.each(['{', '{"a":}', 'nope', "{'a':1}", '{"a":1}{', '[1,]', '\ufeff', '{"a":NaN}'])(
    'that is no JSON is 400: %j',
    async (text) => {
      const { response, problem } = await post(text);
      expect(response.status).toBe(400);
      expect(codeOf(problem)).toBe('WT-BODY-MALFORMED');
    },
  );

  it('that is no UTF-8 is 400', async () => {
    const { response } = await post(Buffer.from('7b226e616d65223a22ff227d', 'hex'));
    expect(response.status).toBe(400);
  });

  it('that breaks its schema is 422 with a pointer for each mistake', async () => {
    const { response, problem } = await post('{"name":7,"extra":1}');
    expect(response.status).toBe(422);
    expect(codeOf(problem)).toBe('WT-BODY-INVALID');
    expect(problem?.errors?.map(({ pointer }) => pointer)).toEqual([
      '/body/email',
      '/body/extra',
      '/body/name',
    ]);
  });

  it.each(['null', '7', '"x"', '[]', 'true'])('%s is 422', async (text) => {
    expect((await post(text)).response.status).toBe(422);
  });

  it('with a NUL character in a text or a key is 422: PostgreSQL cannot keep it', async () => {
    const inText = await post('{"name":"a\\u0000b","email":"ada@example.com"}');
    expect(inText.response.status).toBe(422);
    expect(inText.problem?.errors).toMatchObject([{ pointer: '/body/name' }]);
    const inKey = await post('{"notes":{"a\\u0000":1}}');
    expect(inKey.problem?.errors).toMatchObject([{ pointer: '/body/notes' }]);
  });

  it.each([
    ['{"__proto__":{"admin":true}}', '/body/__proto__'],
    ['{"notes":{"\\u005f_proto__":{"admin":true}}}', '/body/notes/__proto__'],
  ])('that would change a prototype is 422: %s', async (text, pointer) => {
    const { response, problem } = await post(text);
    expect(response.status).toBe(422);
    expect(problem?.errors).toMatchObject([{ pointer }]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('with a key named constructor does no harm', async () => {
    const text = JSON.stringify({
      ...user,
      notes: { constructor: { prototype: { admin: true } } },
    });
    const { response } = await post(text);
    expect(response.status).toBe(200);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('nested 49,000 levels deep is 400', async () => {
    const deep = `{"notes":${'['.repeat(49_000)}${']'.repeat(49_000)}}`;
    const { response, problem } = await post(deep);
    expect(response.status).toBe(400);
    expect(problem?.detail).toContain('100 levels');
  });

  it('of 100,000 bytes is read, and of one more is 413', async () => {
    const padded = (bytes: number) => JSON.stringify(user).padEnd(bytes);
    expect((await post(padded(100_000))).response.status).toBe(200);
    const { response, problem } = await post(padded(100_001));
    expect(response.status).toBe(413);
    expect(codeOf(problem)).toBe('WT-BODY-TOO-LARGE');
  });

  it('that grows over 100 kB in chunks is 413', async () => {
    const chunk = new TextEncoder().encode(' '.repeat(10_000));
    let sent = 0;
    const stream = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 20) controller.close();
        else controller.enqueue(chunk);
      },
    });
    expect((await post(stream)).response.status).toBe(413);
  });

  it('that grows over 100 kB when decompressed is 413', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    const { response } = await post(bomb, { ...json, 'content-encoding': 'gzip' });
    expect(response.status).toBe(413);
  });

  it('may come compressed, but in no unknown or broken way', async () => {
    const packed = gzipSync(JSON.stringify(user));
    const gzip = { ...json, 'content-encoding': 'gzip' };
    expect((await post(packed, gzip)).response.status).toBe(200);
    expect((await post(packed.subarray(0, 20), gzip)).response.status).toBe(400);
    expect((await post('plain', gzip)).response.status).toBe(400);
    const unknown = { ...json, 'content-encoding': 'zip' };
    expect((await post(packed, unknown)).response.status).toBe(415);
  });

  it('of 5 MB is answered 413 on a connection that then serves the next request', async () => {
    const { server } = await startApi();
    const connection = new RawConnection(server.port);
    const bytes = 5_000_000;
    const head = `Host: a\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;
    const answer = await connection.ask(`POST /users HTTP/1.1\r\n${head}${' '.repeat(bytes)}`);
    expect(answer.status).toBe(413);
    const next = await connection.ask('GET /users/7 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(next.status).toBe(200);
    connection.socket.destroy();
  });

  it('on a GET is left unread and harms neither it nor the next request', async () => {
    const { server } = await startApi();
    const connection = new RawConnection(server.port);
    const inner = 'GET /nope HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await connection.ask(
      `GET /users/1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    expect(answer.status).toBe(200);
    const next = await connection.ask('GET /users/2 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(JSON.parse(next.body)).toMatchObject({ params: { id: 2 } });
    connection.socket.destroy();
  });
});
