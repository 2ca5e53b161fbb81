import type { NewOutboxMessage } from '@woodytoys/database';
import type { Topology } from '@woodytoys/messaging';
import type { StoredUser } from './accounts-repository.ts';

/** What this service publishes to. */
export const userTopology: Topology = {
  exchanges: [{ name: 'woodytoys.events', type: 'topic' }],
  queues: [],
};

/** The body of `user.registered`. */
export interface UserRegistered {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export function userRegistered({ id, username, email, createdAt }: StoredUser): NewOutboxMessage {
  const body: UserRegistered = { id, username, email, createdAt: createdAt.toISOString() };
  return { exchange: 'woodytoys.events', routingKey: 'user.registered', body };
}
