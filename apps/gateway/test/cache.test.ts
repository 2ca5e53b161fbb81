import { request as httpRequest } from 'node:http';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startBackend, startRawBackend } from './support/backend.ts';
import type { Answering } from './support/backend.ts';
import {
  cached,
  counting,
  get,
  heldBack,
  hows,
  startCached,
  untilInFlight,
} from './support/cache.ts';
import { problemOf, startGateway } from './support/gateway.ts';

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('an answer that its origin lets be kept', () => {
  it('is served again, byte for byte, with its age and how it came', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { backend, gateway } = await startCached((_request, response) => {
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'max-age=60',
        'x-many': ['a', 'b'],
      });
      response.end(bytes);
    });
    const first = await fetch(`${gateway.url}/api/x`);
    expect(Buffer.from(await first.arrayBuffer())).toEqual(bytes);
    expect(first.headers.get('x-cache')).toBe('MISS');
    expect(first.headers.get('cache-status')).toBe('woodytoys-gateway; fwd=miss; stored');
    expect(first.headers.get('age')).toBeNull();
    await later(1_100);
    const second = await fetch(`${gateway.url}/api/x`);
    expect(Buffer.from(await second.arrayBuffer())).toEqual(bytes);
    expect(second.headers.get('x-cache')).toBe('HIT');
    expect(second.headers.get('cache-status')).toMatch(/^woodytoys-gateway; hit; ttl=5\d$/);
    expect(Number(second.headers.get('age'))).toBeGreaterThanOrEqual(1);
    expect(second.headers.get('content-type')).toBe('application/octet-stream');
    expect(second.headers.get('x-many')).toBe('a, b');
    expect(backend.seen).toHaveLength(1);
    const counted = await gateway.metric('gateway_decisions_total', {
      decider: 'cache',
      outcome: 'hit',
    });
    expect(counted).toBe(1);
  });

  it('is another one for another query, path or host', async () => {
    const { gateway } = await startCached(counting({ 'cache-control': 'max-age=60' }));
    expect((await get(gateway, '/api/x?a=1')).text).toBe('1');
    expect((await get(gateway, '/api/x?a=2')).text).toBe('2');
    expect((await get(gateway, '/api/y')).text).toBe('3');
    expect((await get({ url: gateway.url.replace('127.0.0.1', 'localhost') })).text).toBe('4');
    expect((await get(gateway, '/api/x?a=1')).text).toBe('1');
  });

  it.each<[string, Record<string, string>]>([
    ['s-maxage over max-age', { 'cache-control': 'max-age=0, s-maxage=60' }],
    ['Expires', { expires: new Date(Date.now() + 60_000).toUTCString() }],
    ['a directive in another case and in quotes', { 'cache-control': 'Max-Age="60"' }],
  ])('is kept by %s', async (_what, headers) => {
    const { gateway } = await startCached(counting(headers));
    expect(await hows(gateway, 2)).toEqual(['MISS', 'HIT']);
  });

  it('is as much less fresh as it was old when it came', async () => {
    const { gateway } = await startCached(counting({ 'cache-control': 'max-age=60', age: '50' }));
    await get(gateway);
    const { headers } = await get(gateway);
    expect(Number(headers.get('age'))).toBeGreaterThanOrEqual(50);
    const ttl = Number(/ttl=(\d+)/.exec(headers.get('cache-status') ?? '')?.[1]);
    expect(ttl).toBeLessThanOrEqual(10);
  });

  it('is fetched again when it is stale', async () => {
    const { gateway } = await startCached(counting({ 'cache-control': 'max-age=1' }));
    expect((await get(gateway)).text).toBe('1');
    await later(1_200);
    expect(await get(gateway)).toMatchObject({ text: '2', how: 'MISS' });
  });
});

describe('an answer that must not be kept', () => {
  it.each<[string, Record<string, string>, number?]>([
    ['says nothing', {}],
    ['says no-store', { 'cache-control': 'max-age=60, no-store' }],
    ['says private', { 'cache-control': 'private, max-age=60' }],
    ['has Set-Cookie', { 'cache-control': 'max-age=60', 'set-cookie': 'a=1' }],
    ['varies by everything', { 'cache-control': 'max-age=60', vary: '*' }],
    ['says two max-age', { 'cache-control': 'max-age=60, max-age=30' }],
    ['says a max-age that is none', { 'cache-control': 'max-age=soon' }],
    ['has an Expires that is no date', { expires: '0' }],
    ['is old enough to be stale', { 'cache-control': 'max-age=60', age: '60' }],
    [
      'is a stream of events',
      { 'cache-control': 'max-age=60', 'content-type': 'text/event-stream' },
    ],
    ['is an error', { 'cache-control': 'max-age=60' }, 500],
  ])('%s', async (_what, headers, status = 200) => {
    const { backend, gateway } = await startCached(counting(headers, status));
    expect((await get(gateway)).text).toBe('1');
    expect((await get(gateway)).text).toBe('2');
    expect(backend.seen).toHaveLength(2);
  });

  it('is every one to each client that waits, without a wait for another', async () => {
    const held: (() => void)[] = [];
    let count = 0;
    const { gateway } = await startCached((_request, response) => {
      count += 1;
      const text = String(count);
      held.push(() => response.writeHead(200, { 'cache-control': 'private' }).end(text));
    });
    const all = Promise.all(Array.from({ length: 20 }, () => get(gateway)));
    await expect.poll(() => held.length).toBe(1);
    held.shift()?.();
    // What the first has shown is that nobody can wait for anybody: all others go at once.
    await expect.poll(() => held.length, { timeout: 5_000 }).toBe(19);
    for (const go of held) go();
    const texts = (await all).map(({ text }) => text);
    expect(new Set(texts).size).toBe(20);
  });
});

describe('the times of the route', () => {
  it('count where the origin says nothing, and nowhere else', async () => {
    const options = '{ ttl: 60s, notFoundTtl: 60s }';
    const silent = await startCached(counting({}), options);
    expect(await hows(silent.gateway, 2)).toEqual(['MISS', 'HIT']);
    const missing = await startCached(counting({}, 404), options);
    expect(await hows(missing.gateway, 2)).toEqual(['MISS', 'HIT']);
    const refused = await startCached(counting({}, 403), options);
    expect(await hows(refused.gateway, 2)).toEqual(['PASS', 'PASS']);
    const told = await startCached(counting({ 'cache-control': 'max-age=0' }), options);
    expect(await hows(told.gateway, 2)).toEqual(['PASS', 'PASS']);
  });

  it('do not count for clients that are known by a cookie or a token', async () => {
    const { backend, gateway } = await startCached(counting({}), '{ ttl: 60s }');
    expect((await get(gateway)).text).toBe('1');
    for (const headers of [{ cookie: 'session=1' }, { authorization: 'Bearer x' }]) {
      expect(await hows(gateway, 2, '/api/x', { headers })).toEqual(['PASS', 'PASS']);
    }
    expect(backend.seen).toHaveLength(5);
  });
});

describe('a request with Authorization', () => {
  it.each([
    ['max-age=60', ['PASS', 'PASS']],
    ['public, max-age=60', ['MISS', 'HIT']],
    ['s-maxage=60', ['MISS', 'HIT']],
  ])('gets a kept answer when the origin lets it: %s', async (control, expected) => {
    const { gateway } = await startCached(counting({ 'cache-control': control }));
    const one = { headers: { authorization: 'Bearer one' } };
    const two = { headers: { authorization: 'Bearer two' } };
    expect([
      ...(await hows(gateway, 1, '/api/x', one)),
      ...(await hows(gateway, 1, '/api/x', two)),
    ]).toEqual(expected);
  });

  it('and its answer is not for those without', async () => {
    const { gateway } = await startCached(counting({ 'cache-control': 'public, max-age=60' }));
    await get(gateway, '/api/x', { headers: { authorization: 'Bearer one' } });
    expect((await get(gateway)).text).toBe('2');
  });
});

describe('Vary', () => {
  const byLanguage: Answering = ({ headers }, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', vary: 'Accept-Language' });
    response.end(`in ${headers['accept-language']}`);
  };

  it.each(['1s', '0s'])(
    'keeps an answer for each value of the header (first level %s)',
    async (firstLevel) => {
      const { backend, gateway } = await startCached(byLanguage, `{ firstLevel: ${firstLevel} }`);
      for (let round = 0; round < 2; round += 1) {
        for (const language of ['fr', 'en', 'de']) {
          const init = { headers: { 'accept-language': language } };
          expect((await get(gateway, '/api/x', init)).text).toBe(`in ${language}`);
        }
      }
      expect(backend.seen).toHaveLength(3);
    },
  );

  it('keeps them apart when they are all missed at once, and asks once for each', async () => {
    const { backend, gateway } = await startCached((request, response) => {
      setTimeout(() => byLanguage(request, response), 50);
    });
    const languages = ['fr', 'en', 'de'];
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const language = languages[index % 3] as string;
        const got = await get(gateway, '/api/x', { headers: { 'accept-language': language } });
        expect(got.text).toBe(`in ${language}`);
      }),
    );
    expect(backend.seen).toHaveLength(3);
  });

  it('is a longer list when an answer varies by more', async () => {
    const { backend, gateway } = await startCached(({ url, headers }, response) => {
      const vary =
        headers['accept-language'] === 'fr' ? 'Accept-Language, X-Shop' : 'Accept-Language';
      response.writeHead(200, { 'cache-control': 'max-age=60', vary });
      response.end(`${url} ${headers['accept-language']} ${headers['x-shop']}`);
    });
    const ask = (language: string, shop: string) =>
      get(gateway, '/api/x', { headers: { 'accept-language': language, 'x-shop': shop } });
    await ask('en', '1');
    for (let round = 0; round < 2; round += 1) {
      for (const shop of ['1', '2']) {
        expect((await ask('fr', shop)).text).toBe(`/x fr ${shop}`);
        expect((await ask('en', shop)).text).toMatch(/^\/x en/);
      }
    }
    expect(backend.seen.length).toBeLessThanOrEqual(5);
  });
});

describe('the client', () => {
  const start = (options?: string) =>
    startCached(counting({ 'cache-control': 'max-age=60' }), options);

  it.each([
    { 'cache-control': 'no-cache' },
    { 'cache-control': 'max-age=0' },
    { pragma: 'no-cache' },
  ])('gets one of its own with %o, which is kept for the others', async (headers) => {
    const { gateway } = await start();
    await get(gateway);
    expect(await get(gateway, '/api/x', { headers })).toMatchObject({ text: '2', how: 'MISS' });
    expect(await get(gateway)).toMatchObject({ text: '2', how: 'HIT' });
  });

  it('passes by the cache with no-store', async () => {
    const { gateway } = await start();
    const init = { headers: { 'cache-control': 'no-store' } };
    expect(await get(gateway, '/api/x', init)).toMatchObject({ text: '1', how: 'BYPASS' });
    expect(await get(gateway)).toMatchObject({ text: '2', how: 'MISS' });
  });

  it('gets 504 with only-if-cached unless there is one', async () => {
    const { backend, gateway } = await start();
    const init = { headers: { 'cache-control': 'only-if-cached' } };
    const response = await fetch(`${gateway.url}/api/x`, init);
    expect(response.status).toBe(504);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-NOT-CACHED',
    });
    expect(backend.seen).toHaveLength(0);
    await get(gateway);
    expect(await get(gateway, '/api/x', init)).toMatchObject({ text: '1', how: 'HIT' });
  });

  it('gets one that is young enough for it', async () => {
    const { gateway } = await start();
    await get(gateway);
    await later(1_100);
    const init = (control: string) => ({ headers: { 'cache-control': control } });
    expect((await get(gateway, '/api/x', init('max-age=30'))).how).toBe('HIT');
    expect((await get(gateway, '/api/x', init('max-age=1'))).text).toBe('2');
    expect((await get(gateway, '/api/x', init('min-fresh=3600'))).text).toBe('3');
  });

  it('has no say where the route ignores it', async () => {
    const { backend, gateway } = await start('{ clientDirectives: ignore }');
    for (const control of ['no-store', 'no-cache', 'max-age=0']) {
      await get(gateway, '/api/x', { headers: { 'cache-control': control } });
    }
    expect(backend.seen).toHaveLength(1);
  });

  it.each<[string, RequestInit]>([
    ['a part', { headers: { range: 'bytes=0-1' } }],
    ['an answer under another condition', { headers: { 'if-match': '"x"' } }],
  ])('asks the origin when it wants %s', async (_what, init) => {
    const { backend, gateway } = await start();
    await get(gateway);
    expect((await get(gateway, '/api/x', init)).how).toBe('BYPASS');
    expect(backend.seen).toHaveLength(2);
  });

  it('gets the head of what GET would give', async () => {
    const { backend, gateway } = await start();
    const first = await fetch(`${gateway.url}/api/x`, { method: 'HEAD' });
    expect([first.status, first.headers.get('content-length')]).toEqual([200, '1']);
    expect(await get(gateway)).toMatchObject({ text: '1', how: 'HIT' });
    const again = await fetch(`${gateway.url}/api/x`, { method: 'HEAD' });
    expect([again.headers.get('x-cache'), again.headers.get('content-length')]).toEqual([
      'HIT',
      '1',
    ]);
    expect(backend.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('validation', () => {
  /** Without it, fetch says no-cache with a condition. */
  const patient = { 'cache-control': 'max-age=3600' };
  const modified = new Date(Date.now() - 3_600_000).toUTCString();
  const validated = (control: string) => {
    let count = 0;
    const answer: Answering = ({ headers }, response) => {
      count += 1;
      const fields = { etag: '"v1"', 'last-modified': modified, 'cache-control': control };
      if (headers['if-none-match'] === '"v1"') {
        response.writeHead(304, { ...fields, 'x-count': String(count) }).end();
      } else {
        response.writeHead(200, {
          ...fields,
          'x-count': String(count),
          'content-type': 'text/plain',
        });
        response.end('the body');
      }
    };
    return answer;
  };

  it.each<Record<string, string>>([
    { 'if-none-match': '"v1"' },
    { 'if-none-match': '"v0", W/"v1"' },
    { 'if-none-match': '*' },
    { 'if-modified-since': modified },
  ])('is done for the client, with 304: %o', async (headers) => {
    const { backend, gateway } = await startCached(validated('max-age=60'));
    await get(gateway);
    const got = await get(gateway, '/api/x', { headers: { ...headers, ...patient } });
    expect(got).toMatchObject({ status: 304, text: '', how: 'HIT' });
    expect(got.headers.get('etag')).toBe('"v1"');
    expect(got.headers.get('content-type')).toBeNull();
    expect(backend.seen).toHaveLength(1);
  });

  it('finds that the client has another', async () => {
    const { gateway } = await startCached(validated('max-age=60'));
    await get(gateway);
    const headers = { 'if-none-match': '"v0"', 'if-modified-since': modified };
    const init = { headers: { ...headers, ...patient } };
    expect(await get(gateway, '/api/x', init)).toMatchObject({ status: 200, text: 'the body' });
  });

  it('asks the origin for the whole when the client has one and the cache has none', async () => {
    const { backend, gateway } = await startCached(validated('max-age=60'));
    const init = { headers: { 'if-none-match': '"v1"', ...patient } };
    expect((await get(gateway, '/api/x', init)).status).toBe(304);
    expect(backend.seen[0]?.headers['if-none-match']).toBeUndefined();
    expect(await get(gateway)).toMatchObject({ status: 200, text: 'the body', how: 'HIT' });
  });

  it('spares the origin the body of a stale answer, which is fresh again', async () => {
    const { backend, gateway } = await startCached(validated('max-age=1'));
    await get(gateway);
    await later(1_200);
    const got = await get(gateway);
    expect(got).toMatchObject({ status: 200, text: 'the body', how: 'REVALIDATED' });
    expect(got.headers.get('x-count')).toBe('2');
    expect(got.headers.get('content-type')).toBe('text/plain');
    expect(backend.seen[1]?.headers['if-none-match']).toBe('"v1"');
    expect((await get(gateway)).how).toBe('HIT');
  });

  it('is asked each time with no-cache', async () => {
    const { backend, gateway } = await startCached(validated('no-cache'));
    expect(await hows(gateway, 3)).toEqual(['MISS', 'REVALIDATED', 'REVALIDATED']);
    expect(backend.seen).toHaveLength(3);
  });
});

describe('a stale answer', () => {
  it('is served while it is fetched anew, once', async () => {
    let count = 0;
    const { backend, gateway } = await startCached((_request, response) => {
      count += 1;
      const text = String(count);
      const control = 'max-age=1, stale-while-revalidate=60';
      setTimeout(() => response.writeHead(200, { 'cache-control': control }).end(text), 200);
    });
    await get(gateway);
    await later(1_200);
    const all = await Promise.all(Array.from({ length: 30 }, () => get(gateway)));
    expect(all.map(({ text, how }) => [text, how])).toEqual(
      Array.from({ length: 30 }, () => ['1', 'STALE']),
    );
    expect(all[0]?.headers.get('cache-status')).toMatch(/hit; ttl=-\d+/);
    await expect.poll(async () => (await get(gateway)).text).toBe('2');
    expect(backend.seen.length).toBeLessThanOrEqual(3);
  });

  const failing = (control: string, fail: (response: ServerResponse) => void) => {
    let count = 0;
    return startCached((_request, response) => {
      count += 1;
      if (count === 1) response.writeHead(200, { 'cache-control': control }).end('good');
      else fail(response);
    }, '{ staleIfError: 60s }');
  };
  const fails: [string, (response: ServerResponse) => void][] = [
    ['answers 500', (response) => response.writeHead(500).end('bad')],
    ['breaks the connection', (response) => response.destroy()],
  ];

  it.each(fails)('is served when the origin %s', async (_what, fail) => {
    for (const control of ['max-age=1', 'max-age=1, stale-if-error=60']) {
      const { gateway } = await failing(control, fail);
      await get(gateway);
      await later(1_200);
      const got = await get(gateway);
      expect(got).toMatchObject({ status: 200, text: 'good', how: 'STALE-ERROR' });
    }
  });

  it.each(['max-age=1, must-revalidate', 's-maxage=1', 'max-age=1, stale-if-error=0'])(
    'is not served when the origin fails and has forbidden it: %s',
    async (control) => {
      const { gateway } = await failing(control, (response) => response.writeHead(500).end());
      await get(gateway);
      await later(1_200);
      expect((await get(gateway)).status).toBe(500);
    },
  );
});

describe('many who miss the same answer', () => {
  it('make one request', async () => {
    const { holding, release } = heldBack(counting({ 'cache-control': 'max-age=60' }));
    const { backend, gateway } = await startCached(holding);
    const asking = Promise.all(Array.from({ length: 100 }, () => get(gateway)));
    await untilInFlight([gateway], 100);
    release();
    const all = await asking;
    expect(all.every(({ text }) => text === '1')).toBe(true);
    expect(all.filter(({ how }) => how === 'MISS')).toHaveLength(1);
    expect(all.filter(({ how }) => how === 'COLLAPSED')).toHaveLength(99);
    expect(backend.seen).toHaveLength(1);
  });

  it('fail as it fails, and nothing is kept of that', async () => {
    let status = 503;
    const { holding, release } = heldBack((_request, response) => {
      response.writeHead(status, { 'cache-control': 'max-age=60' }).end('x');
    });
    const { backend, gateway } = await startCached(holding);
    const asking = Promise.all(Array.from({ length: 50 }, () => get(gateway)));
    await untilInFlight([gateway], 50);
    release();
    const all = await asking;
    expect(all.every((got) => got.status === 503)).toBe(true);
    expect(backend.seen).toHaveLength(1);
    status = 200;
    const after = get(gateway);
    await expect.poll(() => backend.seen.length).toBe(2);
    release();
    expect(await after).toMatchObject({ status: 200, how: 'MISS' });
  });

  it('get the answer when the one who was first goes, and it is dropped when all go', async () => {
    let closed = 0;
    const held: ServerResponse[] = [];
    const backend = await startRawBackend((_request, response) => {
      held.push(response);
      response.on('close', () => (closed += response.writableFinished ? 0 : 1));
    });
    const gateway = await startGateway(cached(backend.url));
    const leave = () => {
      const request = httpRequest(`${gateway.url}/api/x`).on('error', () => {});
      request.end();
      return () => request.destroy();
    };
    const first = leave();
    await expect.poll(() => held.length).toBe(1);
    const second = get(gateway);
    await untilInFlight([gateway], 2);
    first();
    await untilInFlight([gateway], 1);
    held[0]?.writeHead(200, { 'cache-control': 'max-age=60' }).end('whole');
    expect((await second).text).toBe('whole');
    expect([held.length, closed]).toEqual([1, 0]);

    const leaving = Array.from({ length: 3 }, () => {
      const request = httpRequest(`${gateway.url}/api/y`).on('error', () => {});
      request.end();
      return request;
    });
    await untilInFlight([gateway], 3);
    expect(held).toHaveLength(2);
    for (const request of leaving) request.destroy();
    await expect.poll(() => closed).toBe(1);
  });
});

describe('an answer larger than is kept', () => {
  it('passes as it comes, whether its length is told or not', async () => {
    const piece = Buffer.alloc(100_000, 'x');
    for (const told of [true, false]) {
      let finish: (() => void) | undefined;
      const { backend, gateway } = await startCached((_request, response) => {
        response.writeHead(200, {
          'cache-control': 'max-age=60',
          ...(told && { 'content-length': String(3 * piece.length) }),
        });
        response.write(piece);
        response.write(piece);
        finish = () => response.end(piece);
      }, '{ maxAnswer: 150kB }');
      const response = await fetch(`${gateway.url}/api/x`);
      const reader = response.body?.getReader();
      let bytes = 0;
      while (bytes < 2 * piece.length) bytes += (await reader?.read())?.value?.length ?? 0;
      // The rest has not been sent yet: nothing waits for it.
      finish?.();
      for (let end = false; !end;) {
        const read = await reader?.read();
        bytes += read?.value?.length ?? 0;
        end = read?.done !== false;
      }
      expect(bytes).toBe(3 * piece.length);
      const again = get(gateway);
      await expect.poll(() => backend.seen.length).toBe(2);
      finish?.();
      expect((await again).how).toBe('PASS');
    }
  });

  it('and more than the process may keep is let go again', async () => {
    const body = 'x'.repeat(50_000);
    const { backend, gateway } = await startCached((_request, response) => {
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end(body);
    }, '{ maxMemory: 200kB }');
    for (let index = 0; index < 10; index += 1) await get(gateway, `/api/${index}`);
    expect((await get(gateway, '/api/9')).how).toBe('HIT');
    expect((await get(gateway, '/api/0')).how).toBe('MISS');
    expect(backend.seen).toHaveLength(11);
  });
});

describe('a request that may have changed something', () => {
  const changing: Answering = ({ method, url }, response) => {
    if (method === 'GET') {
      const tag = url.startsWith('/toys/1') ? 'toy-1' : 'other';
      response.writeHead(200, { 'cache-control': 'max-age=60', 'cache-tag': `all, ${tag}` });
      response.end(url);
    } else if (url === '/fails') response.writeHead(500).end();
    else if (url === '/makes') response.writeHead(201, { location: '/api/made' }).end();
    else response.writeHead(204).end();
  };
  const change = (gateway: { url: string }, path: string, method = 'POST') =>
    fetch(`${gateway.url}${path}`, { method });
  const how = async (gateway: { url: string }, path: string) => (await get(gateway, path)).how;

  it('lets its address be forgotten, and what it says it has made', async () => {
    const { gateway } = await startCached(changing);
    for (const path of ['/api/x', '/api/y', '/api/made']) await get(gateway, path);
    await change(gateway, '/api/x', 'DELETE');
    await change(gateway, '/api/makes');
    expect(await how(gateway, '/api/x')).toBe('MISS');
    expect(await how(gateway, '/api/made')).toBe('MISS');
    expect(await how(gateway, '/api/y')).toBe('HIT');
  });

  it('lets nothing be forgotten when it has failed', async () => {
    const { gateway } = await startCached(changing);
    await get(gateway, '/api/fails');
    await change(gateway, '/api/fails');
    expect(await how(gateway, '/api/fails')).toBe('HIT');
  });

  it('lets what the route names be forgotten: paths, all that begin so, and tags', async () => {
    const backend = await startBackend(changing);
    const route = (path: string, methods: string, options: string) => `
  - path: ${path}
    methods: [${methods}]
    incoming: [{ cache: ${options} }]
    endpoint: { http: { upstream: a } }`;
    const gateway = await startGateway(`
upstreams: { a: { discover: '${backend.url}' } }
routes:${route('/toys/{id}', 'GET', '{}')}${route('/toys', 'GET', '{}')}${route('/lists/{name}', 'GET', '{}')}${route('/toys/{id}', 'PUT', "{ invalidates: ['/toys', '/lists/{id}'] }")}${route('/toys/{id}', 'DELETE', "{ invalidates: ['/lists/*'] }")}${route('/toys/{id}', 'POST', "{ invalidatesTags: ['toy-{id}'] }")}
`);
    const paths = ['/toys?page=1', '/toys', '/toys/1?full', '/toys/2', '/lists/1', '/lists/2'];
    const after = async (method: string) => {
      for (const path of paths) await get(gateway, path);
      await change(gateway, '/toys/1', method);
      const missed: string[] = [];
      for (const path of paths) if ((await how(gateway, path)) === 'MISS') missed.push(path);
      return missed;
    };
    expect(await after('PUT')).toEqual(['/toys', '/lists/1']);
    expect(await after('DELETE')).toEqual(['/lists/1', '/lists/2']);
    expect(await after('POST')).toEqual(['/toys/1?full']);
  });

  it('lets an answer be forgotten that was on its way', async () => {
    let finish: (() => void) | undefined;
    const { gateway } = await startCached(({ method }, response) => {
      if (method !== 'GET') response.writeHead(204).end();
      else {
        finish = () => response.writeHead(200, { 'cache-control': 'max-age=60' }).end('old');
        if (held) return;
        finish();
      }
    });
    let held = true;
    const first = get(gateway);
    await expect.poll(() => finish !== undefined).toBe(true);
    await change(gateway, '/api/x');
    finish?.();
    expect((await first).text).toBe('old');
    held = false;
    expect((await get(gateway)).how).toBe('MISS');
  });

  it('is refused when the route names a parameter that it does not have', async () => {
    await expect(
      startGateway(cached('http://127.0.0.1:1', "{ invalidates: ['/x/{nope}'] }")),
    ).rejects.toThrow('no parameter "nope"');
  });
});

describe('a route that says itself what is kept', () => {
  const asBob = { headers: { authorization: 'Bearer bob' } };
  const asAlice = { headers: { authorization: 'Bearer alice' } };
  const ofRoute = '{ lifetime: route, ttl: 60s }';

  it.each<[string, Record<string, string>]>([
    ['no-store', { 'cache-control': 'no-store' }],
    ['private', { 'cache-control': 'private, max-age=0' }],
    ['nothing', {}],
  ])('keeps what its origin calls %s, for all who are let in', async (_what, headers) => {
    const { backend, gateway } = await startCached(counting(headers), ofRoute);
    expect(await hows(gateway, 2, '/api/x', asBob)).toEqual(['MISS', 'HIT']);
    const answer = await get(gateway, '/api/x', asAlice);
    expect(answer).toMatchObject({ how: 'HIT', text: '1' });
    expect(answer.headers.get('cache-control')).toBe(headers['cache-control'] ?? null);
    expect(backend.seen).toHaveLength(1);
  });

  it('keeps for as long as it says, not as long as its origin does', async () => {
    const { gateway } = await startCached(
      counting({ 'cache-control': 'public, max-age=600' }),
      '{ lifetime: route, ttl: 300ms }',
    );
    expect(await hows(gateway, 2, '/api/x', asBob)).toEqual(['MISS', 'HIT']);
    await later(400);
    expect(await hows(gateway, 2, '/api/x', asBob)).toEqual(['MISS', 'HIT']);
  });

  it.each([
    [200, { 'set-cookie': 'a=1' }],
    [200, { vary: '*' }],
    [401, {}],
    [404, {}],
    [500, {}],
  ])('never keeps a %i with %o', async (status, headers) => {
    const { gateway } = await startCached(counting(headers, status), ofRoute);
    expect(await hows(gateway, 2, '/api/x', asBob)).not.toContain('HIT');
    expect((await get(gateway, '/api/x', asBob)).text).toBe('3');
  });

  it('asks each time with a time of 0', async () => {
    const { backend, gateway } = await startCached(counting({}), '{ lifetime: route, ttl: 0s }');
    expect(await hows(gateway, 3, '/api/x', asBob)).toEqual(['BYPASS', 'BYPASS', 'BYPASS']);
    expect(await hows(gateway, 1)).toEqual(['BYPASS']);
    expect(backend.seen).toHaveLength(4);
  });
});
