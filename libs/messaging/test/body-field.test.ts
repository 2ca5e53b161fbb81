import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { PermanentError, uuidIn } from '../src/index.ts';
import type { Delivery } from '../src/index.ts';

const delivery = (body: unknown): Delivery => ({
  id: 'm1',
  routingKey: 'order.placed',
  body,
  headers: {},
  occurredAt: new Date(0),
  attempt: 1,
  signal: new AbortController().signal,
});

describe('a UUID in the body of a message', () => {
  it('is what the member says', () => {
    const orderId = uuidv7();
    expect(uuidIn(delivery({ orderId, reportId: uuidv7() }), 'orderId')).toBe(orderId);
  });

  it.each([undefined, null, 'text', [], {}, { orderId: 7 }, { orderId: `${uuidv7()}0` }])(
    'is missing in %j, for good',
    (body) => {
      const read = () => uuidIn(delivery(body), 'orderId');
      expect(read).toThrow(PermanentError);
      expect(read).toThrow('Message m1 has no "orderId"; expected a UUID');
    },
  );
});
