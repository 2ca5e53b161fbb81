import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { STREAMED, createApi, parseContract, problem } from '../src/index.ts';
import type { Handlers } from '../src/index.ts';
import { echo, readProblem, startApi } from './support/api.ts';
import { CONTRACT, REPORT_ID } from './support/contract.ts';
import { createLines } from './support/lines.ts';
import { RawConnection } from './support/raw.ts';

const json = { 'content-type': 'application/json' };

describe('an answer', () => {
  it('is JSON with an id, kept by no cache, and tells nothing of the server', async () => {
    const { url } = await startApi();
    const response = await fetch(`${url}/users/7`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ params: { id: 7 }, query: {} });
    const headers = Object.fromEntries(response.headers);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '30',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('etag');
  });

  it('carries the headers of its handler, also in place of ours', async () => {
    const { url } = await startApi({
      createUser: () =>
        Promise.resolve({
          status: 201,
          headers: { location: '/users/1', 'cache-control': 'max-age=5' },
          body: { id: 1 },
        }),
    });
    const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com' });
    const response = await fetch(`${url}/users`, { method: 'POST', headers: json, body });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/users/1');
    expect(response.headers.get('cache-control')).toBe('max-age=5');
  });

  it('has no body and no length for 204', async () => {
    const { url } = await startApi({ deleteUser: () => Promise.resolve({ status: 204 }) });
    const response = await fetch(`${url}/users/7`, { method: 'DELETE' });
    expect(response.status).toBe(204);
    expect(response.headers.has('content-length')).toBe(false);
    expect(response.headers.has('content-type')).toBe(false);
  });

  it('has the length of an empty body for other statuses without one', async () => {
    const { url } = await startApi({ getUser: () => Promise.resolve({ status: 202 }) });
    const response = await fetch(`${url}/users/7`);
    expect(response.headers.get('content-length')).toBe('0');
  });

  it('to HEAD is that to GET without the body', async () => {
    const { url } = await startApi();
    const response = await fetch(`${url}/users/7`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('30');
    expect(await response.text()).toBe('');
  });

  it('can be streamed by its handler', async () => {
    const { url } = await startApi({
      getReportCsv: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/csv' });
        response.write('a,b\n');
        response.end('1,2\n');
        return Promise.resolve(STREAMED);
      },
    });
    const response = await fetch(`${url}/reports/${REPORT_ID}.csv`);
    expect(await response.text()).toBe('a,b\n1,2\n');
    expect(response.headers.get('x-request-id')).toBeTruthy();
  });

  it('that breaks in its stream is cut, not ended', async () => {
    const { url, lines } = await startApi({
      getReportCsv: ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/csv' });
        return new Promise((_done, fail) => {
          response.write('a,b\n', () => setTimeout(() => fail(new Error('inner text')), 50));
        });
      },
    });
    const response = await fetch(`${url}/reports/${REPORT_ID}.csv`);
    await expect(response.text()).rejects.toThrow();
    expect(lines.some(({ msg }) => msg === 'request failed')).toBe(true);
  });
});

describe('a route', () => {
  it.each([
    ['/reports/consolidated', 'getConsolidated'],
    [`/reports/${REPORT_ID}.csv`, 'getReportCsv'],
    [`/reports/${REPORT_ID}`, 'getReport'],
  ])('for %s is %s', async (path, id) => {
    const { url } = await startApi({
      [id]: () => Promise.resolve({ status: 200, body: { route: id } }),
    });
    const response = await fetch(url + path);
    expect(await response.json()).toEqual({ route: id });
  });

  it('takes percent-encoded parameters', async () => {
    const { url } = await startApi();
    expect(await (await fetch(`${url}/users/%37`)).json()).toMatchObject({ params: { id: 7 } });
  });

  it.each([
    '/',
    '/nope',
    '/users/',
    '/Users',
    '/users/1/x',
    '//users',
    '/__proto__',
    '/users/1.csv/',
  ])('is missing for %s: 404', async (path) => {
    const { url } = await startApi();
    const response = await fetch(url + path);
    expect(response.status).toBe(404);
    const { type, instance } = await readProblem(response);
    expect(type).toBe('urn:woodytoys:problem:WT-ROUTE-NOT-FOUND');
    expect(instance).toBe(path);
  });

  it.each([
    ['POST', '/users/1', 'DELETE, GET, HEAD, PATCH'],
    ['PUT', '/users', 'GET, HEAD, POST'],
    ['OPTIONS', '/users', 'GET, HEAD, POST'],
    ['HEAD', `/reports/${REPORT_ID}/events`, 'GET'],
    ['PROPFIND', '/users', 'GET, HEAD, POST'],
    ['DELETE', '/reports/consolidated', 'GET, HEAD'],
  ])('that has no %s says so: %s', async (method, path, allow) => {
    const { url } = await startApi();
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    if (method !== 'HEAD') await readProblem(response);
  });
});

describe('a handler that fails', () => {
  it('with a problem answers it', async () => {
    const { url, lines } = await startApi({
      getUser: () => Promise.reject(problem('WT-RESOURCE-NOT-FOUND', 'There is no user 7.')),
    });
    const response = await fetch(`${url}/users/7`);
    expect(response.status).toBe(404);
    expect(await readProblem(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-RESOURCE-NOT-FOUND',
      detail: 'There is no user 7.',
      instance: '/users/7',
    });
    await sleep(10);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['/api/users/7', '/api/users/7'],
    ['/api/users/%37,;|"', '/api/users/%37,;|"'],
    [`/${'x'.repeat(2_047)}`, `/${'x'.repeat(2_047)}`],
    [`/${'x'.repeat(2_048)}`, '/users/7'],
    ['', '/users/7'],
    ['api/users/7', '/users/7'],
    ['//other.test/users/7', '/users/7'],
    ['/api/users/7?a=1', '/users/7'],
    ['/api/users/7#a', '/users/7'],
    ['/api/users/ 7', '/users/7'],
    ['/api/users/é', '/users/7'],
  ])('and is asked for through the gateway as %j names %j', async (given, instance) => {
    const { url } = await startApi({ getUser: () => Promise.reject(problem('WT-CONFLICT')) });
    const response = await fetch(`${url}/users/7`, { headers: { 'x-forwarded-path': given } });
    expect(await readProblem(response)).toMatchObject({ instance });
  });

  it('with anything else answers 500 without the inner text, and logs the stack', async () => {
    const { url, lines } = await startApi({
      getUser: () => Promise.reject(new Error('secret inner text')),
    });
    const response = await fetch(`${url}/users/7`, { headers: { 'x-request-id': 'find-me' } });
    expect(response.status).toBe(500);
    const text = JSON.stringify(await readProblem(response));
    expect(text).not.toContain('inner text');
    const line = lines.find(({ level }) => level === 'error');
    expect(line).toMatchObject({
      requestId: 'find-me',
      code: 'WT-INTERNAL',
      error: {
        message: 'secret inner text',
        stack: expect.stringContaining('api.test.ts') as string,
      },
    });
  });

  it('before it returns a promise answers 500 too', async () => {
    const { url } = await startApi({
      getUser: () => {
        throw new Error('at once');
      },
    });
    expect((await fetch(`${url}/users/7`)).status).toBe(500);
  });

  it('with a value that is no JSON answers 500', async () => {
    const { url } = await startApi({
      getUser: () => Promise.resolve({ status: 200, body: { big: 1n } }),
    });
    await readProblem(await fetch(`${url}/users/7`));
  });

  it('for want of a part that may come back answers 503 with Retry-After', async () => {
    const { url } = await startApi({
      getUser: () => Promise.reject(Object.assign(new Error('x'), { code: '57P01' })),
    });
    const response = await fetch(`${url}/users/7`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    await readProblem(response);
  });

  it('leaves none of the headers that it had prepared for its content', async () => {
    const { url } = await startApi({
      getUser: ({ response }) => {
        response.setHeader('content-type', 'text/csv');
        response.setHeader('content-encoding', 'gzip');
        response.setHeader('ratelimit', 'kept');
        return Promise.reject(problem('WT-CONFLICT'));
      },
    });
    const response = await fetch(`${url}/users/7`);
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(response.headers.get('ratelimit')).toBe('kept');
    await readProblem(response);
  });
});

describe('a request seen from outside', () => {
  it('has one log line, one observation with the route template, and is counted in flight', async () => {
    let release = () => {};
    const held = new Promise<void>((done) => {
      release = done;
    });
    const { url, lines, observed, inFlight } = await startApi({
      getUser: async (request) => {
        await held;
        return echo(request);
      },
    });
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = fetch(`${url}/users/7?`, {
      headers: { 'x-request-id': 'abc', traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    });
    while (inFlight() === 0) await sleep(5);
    release();
    expect((await answer).headers.get('x-request-id')).toBe('abc');
    while (inFlight() > 0) await sleep(5);
    expect(observed).toEqual([
      {
        method: 'GET',
        route: '/users/{id}',
        status: 200,
        durationSeconds: expect.any(Number) as number,
        traceId: trace,
      },
    ]);
    expect(lines.filter(({ msg }) => msg === 'request')).toMatchObject([
      {
        level: 'info',
        service: 'test',
        requestId: 'abc',
        traceId: trace,
        method: 'GET',
        route: '/users/{id}',
        path: '/users/7',
        status: 200,
      },
    ]);
  });

  it('never carries its query or its path into a metric', async () => {
    const { url, observed } = await startApi();
    await fetch(`${url}/nope/${REPORT_ID}`);
    await fetch(`${url}/users/x`);
    await fetch(`${url}/users/1`, { method: 'POST' });
    await fetch(`${url}/users/%zz`);
    while (observed.length < 4) await sleep(5);
    expect(observed.map(({ route, status }) => `${route} ${status}`)).toEqual([
      'unmatched 404',
      '/users/{id} 400',
      '/users/{id} 405',
      'unmatched 400',
    ]);
  });

  it('whose client goes is aborted, counted as 499, and no error', async () => {
    let aborted = false;
    const { url, observed, lines, inFlight } = await startApi({
      getUser: async ({ signal }) => {
        await new Promise((done) => signal.addEventListener('abort', done));
        aborted = true;
        throw signal.reason;
      },
    });
    const controller = new AbortController();
    const answer = fetch(`${url}/users/7`, { signal: controller.signal });
    while (inFlight() === 0) await sleep(5);
    controller.abort();
    await expect(answer).rejects.toThrow();
    while (observed.length === 0) await sleep(5);
    await sleep(10);
    expect(aborted).toBe(true);
    expect(observed[0]?.status).toBe(499);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('has a signal that is not aborted by its end', async () => {
    const signals: AbortSignal[] = [];
    const { url, observed } = await startApi({
      getUser: (request) => {
        signals.push(request.signal);
        return echo(request);
      },
    });
    await (await fetch(`${url}/users/7`)).text();
    while (observed.length === 0) await sleep(5);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it('gives its handler a logger with its ids', async () => {
    const { url, lines } = await startApi({
      getUser: (request) => {
        request.log.info('inside');
        return echo(request);
      },
    });
    await fetch(`${url}/users/7`, { headers: { 'x-request-id': 'abc' } });
    expect(lines.find(({ msg }) => msg === 'inside')).toMatchObject({ requestId: 'abc' });
  });

  it('gets a new id for one that is not fit for a log', async () => {
    const { url } = await startApi();
    const response = await fetch(`${url}/users/7`, { headers: { 'x-request-id': 'a"b,c' } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a stream without end', () => {
  it('is told when the server closes', async () => {
    const { url, server } = await startApi({
      followReport: async ({ response, closing }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: 1\n\n');
        await new Promise((done) => closing.addEventListener('abort', done));
        response.end('data: end\n\n');
        return STREAMED;
      },
    });
    const response = await fetch(`${url}/reports/${REPORT_ID}/events`);
    const text = response.text();
    await server.close();
    expect(await text).toBe('data: 1\n\ndata: end\n\n');
  });
});

describe('a keep-alive connection', () => {
  it('goes on after an error, with the next request unharmed', async () => {
    const { server } = await startApi();
    const connection = new RawConnection(server.port);
    const bad = await connection.ask('GET /users/x HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(bad.status).toBe(400);
    const body = '{"a":'.padEnd(50);
    const head = `Host: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const malformed = await connection.ask(`POST /users HTTP/1.1\r\n${head}\r\n\r\n${body}`);
    expect(malformed.status).toBe(400);
    const good = await connection.ask('GET /users/7 HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(good.status).toBe(200);
    connection.socket.destroy();
  });
});

describe('an API', () => {
  it('refuses to be made when handlers and operations differ', () => {
    const contract = parseContract(CONTRACT);
    const { log } = createLines();
    const http = { start: () => () => {}, observe: () => {} };
    const make = (handlers: object) => () =>
      createApi<Record<string, never>>({
        contract,
        handlers: handlers as never,
        service: 'test',
        log,
        http,
      });
    expect(make({ getUser: echo, other: echo })).toThrow(
      /operation listUsers has no handler.*handler other has no operation/,
    );
  });

  it('takes its types from the operations that openapi-typescript wrote', () => {
    interface operations {
      getUser: {
        parameters: { query?: never; header?: never; path: { id: number }; cookie?: never };
        requestBody?: never;
        responses: {
          200: { headers: object; content: { 'application/json': { name: string } } };
          404: { headers: object; content: { 'application/problem+json': object } };
        };
      };
      createUser: {
        parameters: { query?: { dry?: boolean }; path?: never };
        requestBody: { content: { 'application/json': { name: string } } };
        responses: { 201: { headers: object; content?: never }; 422: { headers: object } };
      };
    }
    type GetUser = Handlers<operations>['getUser'];
    type CreateUser = Handlers<operations>['createUser'];
    expectTypeOf<Parameters<GetUser>[0]['params']>().toEqualTypeOf<{ id: number }>();
    expectTypeOf<Parameters<CreateUser>[0]['body']>().toEqualTypeOf<{ name: string }>();
    expectTypeOf<Parameters<CreateUser>[0]['query']>().toEqualTypeOf<{ dry?: boolean }>();
    type Answer = Exclude<Awaited<ReturnType<GetUser>>, symbol>;
    expectTypeOf<Answer['status']>().toEqualTypeOf<200>();
    expectTypeOf<Answer['body']>().toEqualTypeOf<{ name: string }>();
    type Created = Exclude<Awaited<ReturnType<CreateUser>>, symbol>;
    expectTypeOf<Created['status']>().toEqualTypeOf<201>();
  });
});
