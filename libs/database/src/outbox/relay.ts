import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import type { Database, OutboxMessage, OutboxRelay } from '../types.ts';
import { createInFlight } from './in-flight.ts';
import { createPublishHealth } from './publish-health.ts';
import { type ClaimedRow, claimRows, readOutboxState, renewLease } from './rows.ts';
import { createSettler } from './settler.ts';
import { createSignal } from './signal.ts';

export interface OutboxRelayOptions {
  readonly database: Database;
  /**
   * Resolves when the message is safe. An error with `deadLettered: true` or `retryable: false` says
   * that no further attempt is of use: the row is then kept as dead (`redriveOutbox`). After any other
   * the row is tried again, for ever, with pauses that grow to a minute.
   */
  readonly publish: (message: OutboxMessage) => Promise<void>;
  readonly log: Logger;
  readonly metrics?: ServiceMetrics;
  /** How often to look for rows that nobody has told of; default 1,000. */
  readonly pollMs?: number;
  /** Routing keys whose messages are left to other relays; default none. */
  readonly except?: readonly string[];
  /**
   * The least time between two looks, in milliseconds; default 20. A row that is told of after a pause
   * is found at once; under load one look finds several. Rows that wait for room in flight are looked
   * for after 20 in any case, so that a longer gap is no limit to what a relay publishes.
   */
  readonly minGapMs?: number;
  /** How many rows to take at once; default 250. */
  readonly batch?: number;
  /** How many rows may be on their way; default 1,000, a quarter of them of one routing key. */
  readonly maxInFlight?: number;
  /** When another relay may take the rows of one that was killed; default 5,000. */
  readonly leaseMs?: number;
  /** How long `stop` waits for what is on its way; default 3,000. */
  readonly stopTimeoutMs?: number;
}

const shortGapMs = 20;

/** Starts publishing the outbox of a database. Every replica of a service may have one. */
export function createOutboxRelay(options: OutboxRelayOptions): OutboxRelay {
  const { database, log, except = [], pollMs = 1_000, minGapMs = shortGapMs } = options;
  const { batch = 250, leaseMs = 5_000 } = options;
  const inFlight = createInFlight(options.maxInFlight ?? 1_000);
  const health = createPublishHealth(log);
  const signal = createSignal();
  const publishing = new Set<Promise<void>>();
  const databaseState = onceAnOutage(log);
  const settler = createSettler({
    database,
    databaseState,
    settled(ids) {
      inFlight.remove(ids);
      if (waitsForRoom) signal.notify();
    },
  });
  let waitsForRoom = false;
  let stopping = false;

  async function publishRow(row: ClaimedRow): Promise<void> {
    const { attempts, ...message } = row;
    try {
      await options.publish(message);
      const wasPaused = health.pauseMs() > 0;
      health.succeeded();
      if (wasPaused) signal.notify();
      settler.sent(row.id);
    } catch (error) {
      const retryAfterMs = isFinal(error) ? undefined : pauseAfter(attempts);
      if (retryAfterMs === undefined) {
        log.error(
          { err: error, messageId: row.id, routingKey: row.routingKey },
          'message given up',
        );
      } else {
        health.failed(error);
        const level = attempts === 4 ? 'warn' : 'debug';
        log[level]({ err: error, messageId: row.id, attempts, retryAfterMs }, 'publishing failed');
      }
      settler.failed({ id: row.id, error: describe(error), retryAfterMs });
    }
  }

  /** @returns how long to wait before the next look, unless there is a reason to look earlier. */
  async function look(): Promise<number> {
    const pauseMs = health.pauseMs();
    const saturated = inFlight.saturatedKeys();
    const room = pauseMs > 0 ? 1 : Math.min(batch, inFlight.room());
    waitsForRoom = inFlight.room() <= 0 || saturated.length > 0;
    if (inFlight.room() <= 0) return pollMs;
    const rows = await claimRows(database, room, leaseMs, [...except, ...saturated]);
    databaseState(undefined);
    for (const row of rows) {
      inFlight.add(row);
      const done = publishRow(row).finally(() => publishing.delete(done));
      publishing.add(done);
    }
    if (pauseMs > 0) return pauseMs;
    return rows.length === room ? 0 : pollMs;
  }

  async function run(): Promise<void> {
    while (!stopping) {
      let waitMs: number;
      try {
        waitMs = await look();
      } catch (error) {
        databaseState(error);
        waitMs = Math.min(pollMs, 500);
      }
      if (waitMs === 0 || stopping) continue;
      const looked = performance.now();
      await signal.wait(waitMs);
      const gapMs = waitsForRoom ? Math.min(minGapMs, shortGapMs) : minGapMs;
      const restMs = gapMs - (performance.now() - looked);
      if (restMs > 0 && !stopping) await sleep(restMs);
    }
  }

  const renewal = setInterval(() => {
    const ids = inFlight.ids();
    if (ids.length > 0) renewLease(database, ids, leaseMs).catch(databaseState);
  }, leaseMs / 3);
  const removeMetrics = options.metrics?.outbox(() => readOutboxState(database));
  const running = run();

  async function stop(): Promise<void> {
    stopping = true;
    signal.notify();
    removeMetrics?.();
    await running;
    const finished = Promise.all(publishing).then(settler.idle);
    await atMost(options.stopTimeoutMs ?? 3_000, finished);
    settler.abandon();
    clearInterval(renewal);
    const left = inFlight.ids();
    if (left.length === 0) return;
    // Whatever is still on its way may arrive too: consumers recognise the second by its id.
    log.info({ messages: left.length }, 'unfinished messages are left to another relay');
    await renewLease(database, left, 0).catch(databaseState);
  }

  let stopped: Promise<void> | undefined;
  return {
    nudge() {
      if (health.pauseMs() === 0) signal.notify();
    },
    stop: () => (stopped ??= stop()),
  };
}

/** A broker that is away must not be told from a message that cannot be: only this may be final. */
function isFinal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { deadLettered, retryable } = error as { deadLettered?: unknown; retryable?: unknown };
  return deadLettered === true || retryable === false;
}

/** 0.5 s, 1 s, 2 s, … 60 s, each spread by a quarter. */
function pauseAfter(attempts: number): number {
  const pauseMs = Math.min(60_000, 500 * 2 ** Math.min(attempts, 10));
  return Math.round(pauseMs * (0.75 + Math.random() / 2));
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const { reason } = error as { reason?: unknown };
  const all = typeof reason === 'string' ? `${text} (${reason})` : text;
  // PostgreSQL's text takes no NUL.
  return all.replaceAll('\0', '').slice(0, 2_000);
}

/** One line when the database goes, one when it is back. */
function onceAnOutage(log: Logger): (error: unknown) => void {
  let away = false;
  return (error) => {
    if (error !== undefined && !away) {
      log.warn({ err: error }, 'the outbox cannot use the database; it goes on trying');
    }
    if (error === undefined && away) log.info('the outbox can use the database again');
    away = error !== undefined;
  };
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
