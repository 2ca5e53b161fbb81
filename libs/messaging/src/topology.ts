import { MessagingError } from './errors.ts';
import type { ExchangeDeclaration, QueueDeclaration, Topology } from './types.ts';

/** Leaves room for `.dead` and `.retry.<milliseconds>` within AMQP's 255 bytes. */
const MAX_NAME_BYTES = 200;

/** A delay longer than a day is a schedule, which a queue is not. */
const MAX_RETRY_DELAY_MS = 24 * 60 * 60 * 1000;

const MAX_PREFETCH = 65_535;

/** Where the dead letters of a queue are. */
export function deadLetterQueueOf(queue: string): string {
  return `${queue}.dead`;
}

/**
 * Where a message waits for `delayMs` before it comes back to `queue`. The delay is in the name, and
 * not the step, because RabbitMQ refuses to change the TTL of a queue: a new delay is a new queue.
 */
export function retryQueueOf(queue: string, delayMs: number): string {
  return `${queue}.retry.${delayMs}`;
}

/** What one process has declared, by name. */
export interface KnownTopology {
  readonly exchanges: ReadonlyMap<string, ExchangeDeclaration>;
  readonly queues: ReadonlyMap<string, QueueDeclaration>;
}

export const EMPTY_TOPOLOGY: KnownTopology = { exchanges: new Map(), queues: new Map() };

/**
 * Adds a declaration to what is known; the bindings of a queue declared twice add up, as in AMQP.
 *
 * @throws MessagingError `invalid-argument` for what no broker would take, `topology-mismatch` for a
 *   name that is known with other properties
 */
export function mergeTopology(known: KnownTopology, added: Topology): KnownTopology {
  const exchanges = new Map(known.exchanges);
  const queues = new Map(known.queues);
  for (const exchange of added.exchanges) {
    checkName('exchange', exchange.name);
    const before = exchanges.get(exchange.name);
    if (before && before.type !== exchange.type) {
      throw new MessagingError(
        'topology-mismatch',
        `Exchange "${exchange.name}" is declared as ${exchange.type}, and was declared as ` +
          `${before.type} before; give both the same type.`,
      );
    }
    exchanges.set(exchange.name, exchange);
  }
  for (const queue of added.queues) {
    checkName('queue', queue.name);
    checkDelays(queue);
    for (const { exchange } of queue.bindings) {
      if (exchanges.has(exchange)) continue;
      throw new MessagingError(
        'invalid-argument',
        `Queue "${queue.name}" is bound to the exchange "${exchange}", which is not declared; ` +
          'add it to the exchanges of the topology.',
      );
    }
    queues.set(queue.name, mergeQueue(queues.get(queue.name), queue));
  }
  return { exchanges, queues };
}

function mergeQueue(before: QueueDeclaration | undefined, queue: QueueDeclaration) {
  if (!before) return queue;
  if (before.retryDelaysMs.join() !== queue.retryDelaysMs.join()) {
    throw new MessagingError(
      'topology-mismatch',
      `Queue "${queue.name}" is declared with the retry delays [${queue.retryDelaysMs.join(', ')}] ` +
        `ms, and was declared with [${before.retryDelaysMs.join(', ')}] ms before; give both the same.`,
    );
  }
  const fresh = queue.bindings.filter(
    (binding) =>
      !before.bindings.some(
        ({ exchange, routingKey }) =>
          exchange === binding.exchange && routingKey === binding.routingKey,
      ),
  );
  return { ...before, bindings: [...before.bindings, ...fresh] };
}

function checkName(kind: string, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > MAX_NAME_BYTES || name.startsWith('amq.')) {
    throw new MessagingError(
      'invalid-argument',
      `"${name}" cannot name an ${kind}; expected 1 to ${MAX_NAME_BYTES} bytes, not beginning ` +
        'with "amq.", which is the broker\'s own.',
    );
  }
}

function checkDelays({ name, retryDelaysMs }: QueueDeclaration): void {
  const grows = retryDelaysMs.every(
    (delay, step) =>
      Number.isInteger(delay) &&
      delay >= 1 &&
      delay <= MAX_RETRY_DELAY_MS &&
      delay >= (retryDelaysMs[step - 1] ?? 0),
  );
  if (!grows) {
    throw new MessagingError(
      'invalid-argument',
      `Queue "${name}" has the retry delays [${retryDelaysMs.join(', ')}] ms; expected whole ` +
        `milliseconds from 1 to ${MAX_RETRY_DELAY_MS}, none smaller than the one before it.`,
    );
  }
}

/** @throws MessagingError `invalid-argument` */
export function checkPrefetch(prefetch: number): void {
  if (Number.isInteger(prefetch) && prefetch >= 1 && prefetch <= MAX_PREFETCH) return;
  throw new MessagingError(
    'invalid-argument',
    `A consumer's prefetch is ${prefetch}; expected a whole number from 1 to ${MAX_PREFETCH}.`,
  );
}

/** @throws MessagingError `invalid-argument` */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1) return;
  throw new MessagingError(
    'invalid-argument',
    `The limit is ${limit}; expected a whole number of at least 1.`,
  );
}

/** @throws MessagingError `unknown-queue` */
export function knownQueue(known: KnownTopology, name: string): QueueDeclaration {
  const queue = known.queues.get(name);
  if (queue) return queue;
  throw new MessagingError(
    'unknown-queue',
    `Queue "${name}" is not declared by this process; call declare() with it first.`,
  );
}

/** @throws MessagingError `unknown-exchange` */
export function checkExchange(known: KnownTopology, name: string): void {
  if (known.exchanges.has(name)) return;
  // A publish to an exchange that does not exist closes the channel, and with it the confirms of
  // every other message on it, so it is refused before it is sent.
  throw new MessagingError(
    'unknown-exchange',
    `Exchange "${name}" is not declared by this process; call declare() with it first.`,
  );
}
