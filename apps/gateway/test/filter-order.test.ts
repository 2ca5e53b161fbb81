import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../src/audit/checking.ts';
import { temporaryFiles } from './support/gateway.ts';

const authenticate = {
  authenticate: { issuer: 'https://i.test', jwks: 'http://127.0.0.1:1/', audience: 'a' },
};
const bySubject = { rateLimit: { limit: 9, name: 'user', key: 'subject' } };
const byAddress = { rateLimit: { limit: 99 } };
const authorize = { authorize: { roles: ['admin'] } };
const ipFilter = { ipFilter: { allow: ['10.0.0.0/8'] } };
const cors = { cors: { origins: ['*'] } };

/** What a gateway says against a route with these filters. */
async function mistakesOf(incoming: readonly unknown[]): Promise<readonly string[]> {
  const folder = temporaryFiles({
    'gateway.yaml': JSON.stringify({
      routes: [
        { path: '/x', methods: ['GET'], incoming, endpoint: { reply: { status: 200, text: 'x' } } },
      ],
    }),
  });
  const { mistakes } = await checkConfig(join(folder, 'gateway.yaml'), {});
  return mistakes.map(({ message }) => message);
}

describe('the order of filters', () => {
  it.each([
    ['cache', 'authenticate', ['cache', authenticate]],
    ['cache', 'authorize', [authenticate, 'cache', authorize]],
    ['cache', 'ipFilter', ['cache', ipFilter]],
    ['idempotency', 'authenticate', ['idempotency', authenticate]],
    ['authorize', 'authenticate', [authorize, authenticate]],
    ['rateLimit', 'authenticate', [byAddress, bySubject, authenticate]],
  ] as const)('is refused where %s comes before %s', async (first, second, incoming) => {
    const [mistake, ...others] = await mistakesOf(incoming);
    expect(mistake).toContain(`list ${first} after ${second}: `);
    expect(others).toEqual([]);
  });

  it.each(['cache', 'idempotency', { rewrite: { path: '/y' } }, authenticate])(
    'is refused where cors comes after what would keep it from its work: %j',
    async (filter) => {
      expect(await mistakesOf([filter, cors])).toEqual([
        expect.stringMatching(/^list cors before \w+: /),
      ]);
    },
  );

  it('is accepted where each knows what it needs', async () => {
    const incoming = [
      ...[cors, ipFilter, byAddress, authenticate, authorize, bySubject],
      ...['compress', 'cache', 'idempotency'],
    ];
    expect(await mistakesOf(incoming)).toEqual([]);
  });
});
