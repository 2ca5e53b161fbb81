import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createValidators, parseContract } from '../src/index.ts';
import type { OperationValidator } from '../src/index.ts';
import { CONTRACT } from './support/contract.ts';

const contract = parseContract(CONTRACT);
const validatorOf = createValidators(contract);

function validator(id: string): OperationValidator {
  const operation = contract.operations.find((one) => one.id === id);
  if (operation === undefined) throw new Error(`no operation ${id}`);
  return validatorOf(operation);
}

const userOf = (id: string) => validator('getUser').parameters({ id }, '');
const listOf = (query: string) => validator('listUsers').parameters({}, query);
const bodyErrors = (body: unknown) => validator('createUser').body(body);

describe('an id in a path', () => {
  it('is a whole number of its range, in plain digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_147_483_647 }), (id) => {
        expect(userOf(String(id))).toMatchObject({ params: { id }, errors: [] });
      }),
    );
  });

  it('is refused in every other spelling', () => {
    const plain = /^[1-9]\d*$/;
    const others = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+0-9.eE_ x]{1,12}$/),
      fc.bigInt({ min: 2_147_483_648n }).map(String),
      fc.integer({ max: 0 }).map(String),
    );
    fc.assert(
      fc.property(others, (text) => {
        fc.pre(!(plain.test(text) && BigInt(text) <= 2_147_483_647n));
        expect(userOf(text).errors.map(({ pointer }) => pointer)).toEqual(['/path/id']);
      }),
    );
  });

  it.each(['0', '-1', '-0', 'abc', '1e3', '01', '+1', '1.0', ' 1', '1 ', '', '١', '0x1', 'NaN'])(
    'is refused as %j',
    (text) => {
      expect(userOf(text).errors).toMatchObject([{ pointer: '/path/id' }]);
    },
  );

  it.each(['2147483648', '9007199254740993', '9223372036854775808', '1'.repeat(400)])(
    'is refused beyond its range as %j',
    (text) => {
      expect(userOf(text).errors).toMatchObject([{ pointer: '/path/id' }]);
    },
  );
});

describe('a query', () => {
  it('is read by type, with its defaults', () => {
    expect(listOf('').query).toEqual({ limit: 50 });
    expect(listOf('limit=7&cursor=a%20b+c&exact=true&below=1.5&sort=price')).toEqual({
      params: {},
      query: { limit: 7, cursor: 'a b c', exact: true, below: 1.5, sort: 'price' },
      errors: [],
    });
    expect(listOf('limit=200&').errors).toEqual([]);
  });

  it.each(['0', '-1', '201', '100000', '1.5', 'x', '', '1e2', '0x10', '007'])(
    'is refused with limit=%s',
    (limit) => {
      expect(listOf(`limit=${limit}`).errors).toMatchObject([{ pointer: '/query/limit' }]);
    },
  );

  it('takes a number without bounds exactly, or not at all', () => {
    const largest = String(Number.MAX_SAFE_INTEGER);
    expect(listOf(`after=${largest}`).query['after']).toBe(Number.MAX_SAFE_INTEGER);
    expect(listOf(`after=-${largest}`).query['after']).toBe(Number.MIN_SAFE_INTEGER);
    for (const after of ['9007199254740992', '-9007199254740993', '-0', '9'.repeat(400)]) {
      expect(listOf(`after=${after}`).errors).toMatchObject([{ pointer: '/query/after' }]);
    }
  });

  it.each([
    ['exact=1', '/query/exact'],
    ['exact=TRUE', '/query/exact'],
    ['below=1e3', '/query/below'],
    ['below=Infinity', '/query/below'],
    ['sort=size', '/query/sort'],
    ['limit=1&limit=2', '/query/limit'],
    ['cursor=&cursor=', '/query/cursor'],
    ['page=2', '/query/page'],
    ['limit', '/query/limit'],
    ['a/b~c=1', '/query/a~1b~0c'],
    ['__proto__=1', '/query/__proto__'],
    ['constructor=1', '/query/constructor'],
    ['limit[]=1', '/query/limit[]'],
    ['cursor=%zz', '/query/cursor'],
    ['cursor=%ff', '/query/cursor'],
    ['cursor=a%00b', '/query/cursor'],
    ['%e0%a4%a=1', '/query/%e0%a4%a'],
  ])('is refused as ?%s', (query, pointer) => {
    expect(listOf(query).errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('names every mistake at once, up to a bound', () => {
    expect(listOf('limit=0&sort=x').errors.map(({ pointer }) => pointer)).toEqual([
      '/query/limit',
      '/query/sort',
    ]);
    const many = Array.from({ length: 5_000 }, (_, index) => `p${index}=1`).join('&');
    expect(listOf(many).errors).toHaveLength(20);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (query) => {
        expect(Array.isArray(listOf(query).errors)).toBe(true);
      }),
    );
  });
});

describe('a body', () => {
  const user = { name: 'Ada', email: 'ada@example.com' };

  it('passes as its schema has it, with its defaults', () => {
    const body = { ...user };
    expect(bodyErrors(body)).toEqual([]);
    expect(body).toEqual({ ...user, role: 'guest' });
  });

  it.each<[string, unknown, string, string]>([
    ['a missing field', { name: 'Ada' }, '/body/email', 'is missing'],
    ['an extra field', { ...user, admin: true }, '/body/admin', 'is not a known field'],
    ['a wrong type', { ...user, name: 7 }, '/body/name', 'must be a text'],
    [
      'a number as text',
      { ...user, address: { city: 'x', 'a/b~c': '1' } },
      '/body/address/a~1b~0c',
      'must be a whole number in digits, at most 2^53-1',
    ],
    ['a wrong word', { ...user, role: 'root' }, '/body/role', 'must be one of "staff", "guest"'],
    ['a wrong format', { ...user, email: 'ada' }, '/body/email', 'must match format "email"'],
    [
      'a text too long',
      { ...user, name: 'a'.repeat(21) },
      '/body/name',
      'must NOT have more than 20 characters',
    ],
    [
      'a list too long',
      { ...user, tags: ['a', 'b', 'c', 'd'] },
      '/body/tags',
      'must NOT have more than 3 items',
    ],
    [
      'a wrong item',
      { ...user, tags: ['a', ''] },
      '/body/tags/1',
      'must NOT have fewer than 1 characters',
    ],
    ['an inner field missing', { ...user, address: {} }, '/body/address/city', 'is missing'],
    ['no object', [], '/body', 'must be an object'],
    ['null', null, '/body', 'must be an object'],
    ['a text', 'x', '/body', 'must be an object'],
  ])('is refused for %s', (_name, body, pointer, detail) => {
    expect(bodyErrors(body)).toEqual([{ pointer, detail }]);
  });

  it('names every mistake at once, up to a bound', () => {
    const wrong = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 1]));
    expect(bodyErrors(wrong)).toHaveLength(20);
    expect(bodyErrors({ name: '', extra: 1 }).map(({ pointer }) => pointer)).toEqual([
      '/body/email',
      '/body/extra',
      '/body/name',
    ]);
  });
});
