import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProblemError, decodeCursor, encodeCursor, pageOf } from '../src/index.ts';

const shape = { soldAt: 'time', id: 'integer' } as const;
const values = { soldAt: '2026-11-21T08:00:00.000Z', id: 7 };

function refusal(cursor: string): unknown {
  try {
    return decodeCursor(cursor, shape);
  } catch (error) {
    return error;
  }
}

const encodeText = (text: string) => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  it('gives back what was put in, for every value of its shape', () => {
    const all = { id: 'integer', name: 'text', time: 'time', key: 'uuid' } as const;
    fc.assert(
      fc.property(
        fc.maxSafeInteger().filter((id) => !Object.is(id, -0)),
        fc.string({ unit: fc.constantFrom(...'aB0"\\/-_ é€😀\n'), maxLength: 50 }),
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
        fc.uuid(),
        (id, name, time, key) => {
          const cursor = encodeCursor({ id, name, time, key });
          fc.pre(cursor.length <= 512);
          expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
          expect(decodeCursor(cursor, all)).toEqual({ id, name, time, key });
        },
      ),
    );
  });

  it('is refused, whatever the text, unless it is the one spelling of its values', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json().map(encodeText)), (text) => {
        const result = refusal(text);
        if (result instanceof ProblemError) expect(result.code).toBe('WT-CURSOR-INVALID');
        else expect(encodeCursor(result as never)).toBe(text);
      }),
    );
  });

  it('is refused when one character of it is changed, added or left out', () => {
    const cursor = encodeCursor(values);
    fc.assert(
      fc.property(
        fc.nat(cursor.length - 1),
        fc.constantFrom(...'ABCabc019-_=+/ '),
        fc.constantFrom(0, 1),
        (at, character, drop) => {
          const forged = cursor.slice(0, at) + character + cursor.slice(at + drop);
          fc.pre(forged !== cursor);
          const result = refusal(forged);
          if (!(result instanceof ProblemError)) expect(encodeCursor(result as never)).toBe(forged);
        },
      ),
    );
  });

  it.each([
    ['empty', ''],
    ['no base64url', '%%%'],
    ['no JSON', encodeText('{')],
    ['a list', encodeText('[1]')],
    ['null', encodeText('null')],
    ['another field', encodeCursor({ ...values, admin: 1 })],
    ['a field less', encodeCursor({ id: 7 })],
    ['another order', encodeCursor({ id: 7, soldAt: values.soldAt })],
    ['a fraction', encodeCursor({ ...values, id: 1.5 })],
    ['beyond 2^53', encodeText(`{"soldAt":"${values.soldAt}","id":9007199254740993}`)],
    ['a text for a number', encodeCursor({ ...values, id: '7' })],
    ['no date', encodeCursor({ ...values, soldAt: 'yesterday' })],
    ['a date in another spelling', encodeCursor({ ...values, soldAt: '2026-11-21' })],
    ['spaces in the JSON', encodeText(`{ "soldAt":"${values.soldAt}","id":7}`)],
    ['padding', `${encodeCursor({ ...values, id: 77 })}=`],
    ['a prototype', encodeText('{"__proto__":{"soldAt":"x","id":1}}')],
    ['very long', encodeCursor({ ...values, id: 7 }).repeat(100)],
  ])('is refused when it is %s', (_name, cursor) => {
    expect(refusal(cursor)).toMatchObject({
      code: 'WT-CURSOR-INVALID',
      status: 400,
      errors: [{ pointer: '/query/cursor' }],
    });
  });

  it('is refused when a text of it holds NUL, which PostgreSQL cannot compare', () => {
    const cursor = encodeCursor({ name: 'a\0b' });
    expect(() => decodeCursor(cursor, { name: 'text' })).toThrow(ProblemError);
  });
});

describe('a page', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index + 1 }));

  it('walks through a list of any length, each row once', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 15 }), (count, limit) => {
        const all = rows(count);
        const seen: number[] = [];
        for (let after = 0; ;) {
          const found = all.filter(({ id }) => id > after).slice(0, limit + 1);
          const { items, nextCursor } = pageOf(found, limit, ({ id }) => ({ id }));
          expect(items.length).toBeLessThanOrEqual(limit);
          seen.push(...items.map(({ id }) => id));
          if (nextCursor === null) break;
          after = decodeCursor(nextCursor, { id: 'integer' }).id;
        }
        expect(seen).toEqual(all.map(({ id }) => id));
      }),
    );
  });

  it('has no next one when the rows end with it', () => {
    expect(pageOf(rows(3), 3, (row) => row).nextCursor).toBeNull();
    expect(pageOf(rows(4), 3, (row) => row).nextCursor).toBe(encodeCursor({ id: 3 }));
    expect(pageOf([], 3, (row) => row)).toEqual({ items: [], nextCursor: null });
  });
});
