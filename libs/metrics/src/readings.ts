import type { Instruments } from './instruments.ts';
import type { BulkheadState, OutboxState, PoolState, QueueDepth, UpstreamState } from './types.ts';

/** A reading later than this is left out of the scrape; Prometheus gives a scrape 10 s by default. */
const READ_TIMEOUT_MS = 2_000;

interface Reading {
  readonly service: string;
  readonly source: string;
  read(): Promise<void>;
}

/** State that others keep and that is read at each scrape. */
export interface Readings {
  pool(service: string, name: string, read: () => PoolState): () => void;
  outbox(service: string, read: () => Promise<OutboxState>): () => void;
  jobs(
    service: string,
    kind: string,
    read: () => Promise<Readonly<Record<string, number>>>,
  ): () => void;
  upstreams(service: string, read: () => readonly UpstreamState[]): () => void;
  bulkhead(service: string, name: string, read: () => BulkheadState): () => void;
  queues(service: string, read: () => Readonly<Record<string, QueueDepth>>): () => void;
  /** Reads all; one that fails or is late is counted, and its series are left out. */
  readAll(): Promise<void>;
}

/** Pools and bulkheads of one name and service are added up; of two outboxes or job kinds the last one counts. */
export function createReadings(instruments: Instruments): Readings {
  const readings = new Set<Reading>();

  function add(service: string, source: string, read: () => Promise<void>): () => void {
    const reading = { service, source, read };
    readings.add(reading);
    instruments.counter('readErrors').inc({ service, source }, 0);
    return () => readings.delete(reading);
  }

  async function readOne({ service, source, read }: Reading): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('late')), READ_TIMEOUT_MS);
    });
    try {
      await Promise.race([read(), late]);
    } catch {
      // The counter is the report: a scrape answers what it has.
      instruments.counter('readErrors').inc({ service, source });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    pool: (service, pool, read) =>
      add(service, `pool ${pool}`, async () => {
        const { used, waiting, limit } = read();
        instruments.gauge('poolUsed').inc({ service, pool }, used);
        instruments.gauge('poolWaiting').inc({ service, pool }, waiting);
        instruments.gauge('poolLimit').inc({ service, pool }, limit);
      }),
    outbox: (service, read) =>
      add(service, 'outbox', async () => {
        const { pending, oldestSeconds, dead } = await read();
        instruments.gauge('outboxPending').set({ service }, pending);
        instruments.gauge('outboxOldest').set({ service }, oldestSeconds);
        instruments.gauge('outboxDead').set({ service }, dead);
      }),
    jobs: (service, kind, read) =>
      add(service, `jobs ${kind}`, async () => {
        for (const [state, count] of Object.entries(await read())) {
          instruments.gauge('jobs').set({ service, kind, state }, count);
        }
      }),
    upstreams: (service, read) =>
      add(service, 'upstreams', async () => {
        for (const state of read()) setUpstream(instruments, service, state);
      }),
    bulkhead: (service, bulkhead, read) =>
      add(service, `bulkhead ${bulkhead}`, async () => {
        // One of an old route table may still count beside that of the new.
        const { inFlight, waiting } = read();
        instruments.gauge('gatewayBulkheadInFlight').inc({ service, bulkhead }, inFlight);
        instruments.gauge('gatewayBulkheadWaiting').inc({ service, bulkhead }, waiting);
      }),
    queues: (service, read) =>
      add(service, 'queues', async () => {
        const depth = instruments.gauge('messageQueueDepth');
        for (const [queue, { ready, unacknowledged }] of Object.entries(read())) {
          depth.set({ service, queue, state: 'ready' }, ready);
          depth.set({ service, queue, state: 'unacknowledged' }, unacknowledged);
        }
      }),
    async readAll() {
      for (const key of READ_GAUGES) instruments.gauge(key).reset();
      await Promise.all([...readings].map(readOne));
    },
  };
}

export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;

function setUpstream(
  instruments: Instruments,
  service: string,
  { upstream, known, usable, ejected, inFlight, limit, breaker }: UpstreamState,
): void {
  const replicas = instruments.gauge('gatewayReplicas');
  replicas.set({ service, upstream, state: 'known' }, known);
  replicas.set({ service, upstream, state: 'usable' }, usable);
  replicas.set({ service, upstream, state: 'ejected' }, ejected);
  instruments.gauge('gatewayInFlight').set({ service, upstream }, inFlight);
  instruments.gauge('gatewayInFlightLimit').set({ service, upstream }, limit);
  if (breaker === undefined) return;
  for (const state of BREAKER_STATES) {
    instruments
      .gauge('gatewayBreaker')
      .set({ service, upstream, state }, Number(state === breaker));
  }
}

const READ_GAUGES = [
  'poolUsed',
  'poolWaiting',
  'poolLimit',
  'outboxPending',
  'outboxOldest',
  'outboxDead',
  'jobs',
  'messageQueueDepth',
  'gatewayReplicas',
  'gatewayBulkheadInFlight',
  'gatewayBulkheadWaiting',
  'gatewayInFlight',
  'gatewayInFlightLimit',
  'gatewayBreaker',
] as const;
