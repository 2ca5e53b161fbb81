import { describe, expect, it } from 'vitest';
import { request } from 'node:http';
import { MIXES } from '../src/mixes.ts';
import { sendJson, startConsole, startPlatform } from './support/console.ts';

const writes = [
  { method: 'POST', path: '/console/api/jobs', body: { kind: 'report' } },
  { method: 'PUT', path: '/console/api/traffic', body: { mix: 'browse', rate: 0 } },
] as const;

async function startReady() {
  const platform = await startPlatform((_request, response) =>
    sendJson(response, 202, { id: 'r1', status: 'done', progress: 1, failure: null }),
  );
  return startConsole({ entry: () => platform.url });
}

/** As `fetch` does not let itself be made to: with the headers that browsers keep to themselves. */
function send(
  url: string,
  method: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
  const sent = request(url, { method, headers }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () =>
      resolve({ status: response.statusCode as number, body: JSON.parse(text) as unknown }),
    );
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

const json = { 'content-type': 'application/json' };

describe.each(writes)('$method $path', ({ method, path, body }) => {
  const ask = async (headers: Readonly<Record<string, string>>, text = JSON.stringify(body)) => {
    const { url } = await startReady();
    return send(url + path, method, text, headers);
  };

  it.each([
    ['a program, which says nothing of an origin', {}],
    ['the page itself', { origin: 'http://shop.example', host: 'shop.example' }],
    [
      'the page behind the gateway',
      { origin: 'http://shop.example:8080', 'x-forwarded-host': 'shop.example:8080' },
    ],
    ['the page, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin' }],
  ])('is open to %s', async (_who, headers) => {
    const { status } = await ask({ ...json, ...headers });
    expect(status).toBe(method === 'POST' ? 201 : 200);
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['another port', { origin: 'http://shop.example:1', 'x-forwarded-host': 'shop.example' }],
    ['no origin at all', { origin: 'null' }],
    ['another site, by Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling, by Sec-Fetch-Site', { 'sec-fetch-site': 'same-site' }],
  ])('is refused to a page of %s', async (_who, headers) => {
    const { status, body: answer } = await ask({ ...json, ...headers });
    expect(status).toBe(403);
    expect(answer).toMatchObject({
      type: 'urn:woodytoys:problem:WT-FORBIDDEN',
      detail: expect.stringContaining('/console/') as string,
    });
  });

  it.each([
    [
      'no JSON content type, as a form would send it',
      { 'content-type': 'text/plain' },
      undefined,
      415,
    ],
    ['no JSON', json, '{', 400],
    ['another shape', json, '[]', 422],
    ['an unknown field', json, JSON.stringify({ ...body, more: 1 }), 422],
    ['too long a body', json, JSON.stringify({ ...body, more: 'x'.repeat(2_000) }), 413],
  ])('is refused with %s', async (_what, headers, text, expected) => {
    const { status, body: answer } = await ask(headers, text);
    expect(status).toBe(expected);
    expect(answer).toMatchObject({ status: expected, instance: path });
  });
});

describe('the rate of demonstration traffic', () => {
  it.each([2, 1_000, -1, 1.5, '15', null])('is not %j', async (rate) => {
    const { put } = await startReady();
    const answer = await put('/console/api/traffic', { mix: 'browse', rate });
    expect(answer.status).toBe(422);
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] };
    expect(errors.every(({ pointer }) => pointer === '/body/rate')).toBe(true);
  });

  it('is of a mix that there is', async () => {
    const { put } = await startReady();
    const answer = await put('/console/api/traffic', { mix: 'storm', rate: 1 });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      errors: [
        { pointer: '/body/mix', detail: `must be one of ${MIXES.map(({ id }) => id).join(', ')}` },
      ],
    });
  });
});
