import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { waitFor } from '@woodytoys/testing';
import { expect, test } from 'vitest';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

interface Said {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
  readonly seconds: number;
}

/** Asks as a browser at http://woodytoys.localhost does. */
function asker(port: number) {
  return (
    path: string,
    { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
  ) =>
    new Promise<Said>((resolve, reject) => {
      const began = performance.now();
      const host = `woodytoys.localhost:${port}`;
      const options = { host: '127.0.0.1', port, path, method, headers: { host, ...headers } };
      const asked = request(options, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode,
            type: answer.headers['content-type'],
            text,
            seconds: (performance.now() - began) / 1_000,
          }),
        );
      });
      asked.on('error', reject).end();
    });
}

test('the clients of the first Woodytoys get what they got, and nothing is added by accident', async () => {
  const here = await place();
  const started = start({
    ...here,
    environment: { HEAVY_MS: '700ms', VALIDATION_MS: '1s', LAST_MS: '700ms', SEED_SCALE: '0.01' },
  });
  await started.ready();
  const ask = asker(here.port);
  const said = async (path: string, expected: RegExp) => {
    const answer = await ask(path);
    expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(answer.text).toMatch(expected);
    return answer;
  };
  const last = async () => (await ask('/api/products/last')).text.replace(/^db: \S+ - /, '');

  await said('/api/ping', /^ping$/);
  await said('/api/misc/time', new RegExp(`^misc: ${TIME}$`));
  const heavy = new RegExp(`^${TIME}: Woody -x & <y>- Woody$`);
  const path = `/api/misc/heavy?name=${encodeURIComponent('x & <y>')}`;
  expect((await said(path, heavy)).seconds).toBeGreaterThanOrEqual(0.69);
  await said(path, heavy);

  await said('/api/products?product=Joli%20train', /^Joli train$/);
  const slow = await said(
    '/api/products/last',
    new RegExp(String.raw`^db: ${TIME} - 11 products \(last=Joli train\)$`),
  );
  expect(slow.seconds).toBeGreaterThanOrEqual(0.69);
  await said('/api/products/7', /^not yet implemented$/);

  const placed = await said(
    '/api/orders/do?order=Yoyo',
    new RegExp(`^Your process ${UUID} has been created with this product : Yoyo$`),
  );
  const id = new RegExp(UUID).exec(placed.text)?.[0] as string;
  await said(`/api/orders/?order_id=${id}`, new RegExp(`^order "${id}": pending$`));
  await waitFor(async () => (await ask(`/api/orders/?order_id=${id}`)).text.endsWith(': Success'));
  await said(`/api/orders?order_id=${id}`, new RegExp(`^order "${id}": Success$`));
  for (const unknown of [randomUUID(), 'nothing']) {
    await said(`/api/orders/?order_id=${unknown}`, new RegExp(`^order "${unknown}": None$`));
  }

  // What is missing is told in plain text.
  for (const [what, name] of [
    ['/api/misc/heavy', 'name'],
    ['/api/products', 'product'],
    ['/api/orders/do', 'order'],
    ['/api/orders/', 'order_id'],
  ] as const) {
    expect(await ask(what)).toMatchObject({
      status: 400,
      type: 'text/plain; charset=utf-8',
      text: `/query/${name} is missing.`,
    });
  }
  const invalid = await ask(`/api/products?product=${'x'.repeat(201)}`);
  expect(invalid).toMatchObject({ status: 422, type: 'text/plain; charset=utf-8' });

  // HEAD adds nothing, and a proxy that sends a request again under its name adds it once.
  for (const adding of ['/api/products?product=No', '/api/orders/do?order=No']) {
    expect((await ask(adding, { method: 'HEAD' })).status).toBe(405);
  }
  expect(await last()).toBe('11 products (last=Joli train)');
  const again = { headers: { 'x-request-id': randomUUID() } };
  const repeats = await Promise.all(
    Array.from({ length: 30 }, () => ask('/api/products?product=Once', again)),
  );
  // While the first runs, the others are told that it does.
  for (const { status } of repeats) expect([200, 409]).toContain(status);
  for (let repeat = 0; repeat < 30; repeat += 1) {
    expect(await ask('/api/products?product=Once', again)).toMatchObject({
      status: 200,
      text: 'Once',
    });
  }
  expect(await last()).toBe('12 products (last=Once)');
  const orders = new Set<string>();
  for (let repeat = 0; repeat < 30; repeat += 1) {
    orders.add((await ask('/api/orders/do?order=Once', again)).text);
  }
  expect([...orders]).toEqual([expect.stringMatching(/ : Once$/)]);
  await Promise.all(Array.from({ length: 5 }, () => ask('/api/products?product=Twice')));
  expect(await last()).toBe('17 products (last=Twice)');

  // The same paths are this platform's own on every other host.
  const own = await started.get('/api/products?limit=1');
  expect(own.headers.get('content-type')).toBe('application/json');
});
