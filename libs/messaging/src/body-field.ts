import { PermanentError } from './errors.ts';
import type { Delivery } from './types.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * A member of a message's body that is to be a UUID.
 *
 * @throws PermanentError when it is none: no further attempt would find one
 */
export function uuidIn({ id, body }: Delivery, field: string): string {
  const value: unknown =
    typeof body === 'object' && body !== null
      ? (body as Record<string, unknown>)[field]
      : undefined;
  if (typeof value === 'string' && UUID.test(value)) return value;
  throw new PermanentError(`Message ${id} has no "${field}"; expected a UUID`);
}
