import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PendingInvalidations } from '../src/pending-invalidations.ts';

it('gives back all that was forgotten, or more, within its bound', () => {
  const invalidation = fc.record({
    namespace: fc.constantFrom('user', 'product', 'stock'),
    ids: fc.option(fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 6 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(invalidation, { maxLength: 12 }), fc.nat(10), (added, maxKeys) => {
      const pending = new PendingInvalidations(maxKeys);
      for (const one of added) pending.add(one);
      const given = new Map<string, readonly string[] | undefined>();
      for (let one = pending.take(); one !== undefined; one = pending.take()) {
        expect(given.has(one.namespace)).toBe(false);
        given.set(one.namespace, one.ids);
      }
      expect(pending.isEmpty).toBe(true);
      const keys = [...given.values()].flatMap((ids) => ids ?? []);
      expect(keys.length).toBeLessThanOrEqual(maxKeys);
      for (const { namespace, ids } of added) {
        expect(given.has(namespace)).toBe(true);
        const all = given.get(namespace);
        if (ids === undefined) expect(all).toBeUndefined();
        else if (all !== undefined) expect(all).toEqual(expect.arrayContaining([...ids]));
      }
    }),
  );
});

it('remembers single keys while there is room', () => {
  const pending = new PendingInvalidations(3);
  pending.add({ namespace: 'product', ids: ['1', '2'] });
  pending.add({ namespace: 'product', ids: ['2', '3'] });
  expect(pending.take()).toEqual({ namespace: 'product', ids: ['1', '2', '3'] });
  pending.add({ namespace: 'product', ids: ['1', '2', '3'] });
  pending.add({ namespace: 'user', ids: ['1'] });
  expect(pending.take()).toEqual({ namespace: 'product', ids: ['1', '2', '3'] });
  expect(pending.take()).toEqual({ namespace: 'user', ids: undefined });
});
