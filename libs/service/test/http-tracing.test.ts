import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApi, listen, parseContract } from '../src/index.ts';
import type { HttpSpan, HttpTracing } from '../src/index.ts';
import { CONTRACT } from './support/contract.ts';
import { createLines } from './support/lines.ts';

interface Begun {
  name: string;
  readonly traceparent: string | undefined;
  readonly attributes: Record<string, unknown>;
  failure: string | undefined;
  ended: number;
}

/** The port as the tracing library has it, which this one may not import. */
function recordSpans() {
  const spans: Begun[] = [];
  const running = new AsyncLocalStorage<HttpSpan>();
  const tracing: HttpTracing = {
    begin(name, _kind, traceparent, attributes) {
      const begun: Begun = {
        name,
        traceparent,
        attributes: { ...attributes },
        failure: undefined,
        ended: 0,
      };
      spans.push(begun);
      return {
        traceId: 'c'.repeat(32),
        recording: true,
        set: (more) => void Object.assign(begun.attributes, more),
        rename: (to) => void (begun.name = to),
        fail: (type) => void (begun.failure = type),
        end: () => void (begun.ended += 1),
      };
    },
    run: (span, work) => running.run(span, work),
  };
  return { spans, tracing, current: () => running.getStore() };
}

async function start(handler: (current: () => HttpSpan | undefined) => Promise<unknown>) {
  const { spans, tracing, current } = recordSpans();
  const { log, lines } = createLines();
  const contract = parseContract(CONTRACT);
  const all = Object.fromEntries(contract.operations.map(({ id }) => [id, () => handler(current)]));
  const http = { start: () => () => {}, observe: () => {} };
  const api = createApi({ contract, handlers: all as never, service: 't', log, http, tracing });
  const server = await listen(api, { port: 0, host: '127.0.0.1', log });
  onTestFinished(() => server.close());
  return { spans, lines, url: `http://127.0.0.1:${server.port}` };
}

describe('the span of a request', () => {
  it('is what its handler works for, after its body was read too, and ends once', async () => {
    const seen: (HttpSpan | undefined)[] = [];
    const { spans, lines, url } = await start(async (current) => {
      seen.push(current());
      await new Promise((done) => setTimeout(done, 5));
      seen.push(current());
      return { status: 201, body: { id: 1 } };
    });
    const answer = await fetch(`${url}/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: 'given' },
      body: JSON.stringify({ name: 'Ada', email: 'ada@example.com' }),
    });
    expect(answer.status).toBe(201);
    await answer.text();
    await expect.poll(() => spans[0]?.ended).toBe(1);
    expect(seen[0]).toBeDefined();
    expect(seen[1]).toBe(seen[0]);
    expect(spans).toEqual([
      {
        name: 'POST /users',
        traceparent: 'given',
        attributes: {
          'http.request.method': 'POST',
          'url.path': '/users',
          'url.scheme': 'http',
          'http.route': '/users',
          'http.response.status_code': 201,
        },
        failure: undefined,
        ended: 1,
      },
    ]);
    expect(lines.find(({ msg }) => msg === 'request')).toMatchObject({ traceId: 'c'.repeat(32) });
  });

  it('fails with the code of the problem where the service is to blame, and for no mistake of the caller', async () => {
    const { spans, url } = await start(() => Promise.reject(new Error('broken')));
    await (await fetch(`${url}/users/7`)).text();
    await (await fetch(`${url}/users/none?q=secret`)).text();
    await (await fetch(`${url}/nowhere`)).text();
    await expect.poll(() => spans.map(({ ended }) => ended)).toEqual([1, 1, 1]);
    expect(spans.map(({ name, failure }) => [name, failure])).toEqual([
      ['GET /users/{id}', 'WT-INTERNAL'],
      ['GET /users/{id}', undefined],
      ['GET', undefined],
    ]);
    expect(JSON.stringify(spans)).not.toContain('secret');
  });
});
