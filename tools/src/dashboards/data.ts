import type { Dashboard, Row } from './model.ts';
import { stat, timeseries, worseAbove } from './panels.ts';
import { ofReplica, ofService, percentile, perSecond } from './promql.ts';
import { replica, service } from './variables.ts';

const DATABASES = 'datname!~"template.*|postgres"';

const overview: Row = {
  title: 'At a glance',
  panels: [
    stat({
      title: 'Callers that wait',
      description:
        'For a connection of a pool. Above 0 for long: it is too small, or its queries are too slow.',
      unit: 'short',
      thresholds: worseAbove(1, 10),
      queries: [{ expr: `sum(db_pool_waiting{${ofService}})`, legend: 'waiting' }],
    }),
    stat({
      title: 'Cache hits',
      description: 'Of all reads through the caches of the chosen services.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum(rate(cache_hits_total{${ofService}}[$__rate_interval])) / (sum(rate(cache_hits_total{${ofService}}[$__rate_interval])) + sum(rate(cache_misses_total{${ofService}}[$__rate_interval])))`,
          legend: 'hits',
        },
      ],
    }),
    stat({
      title: 'PostgreSQL: connections',
      description: 'Of max_connections. Above 90 % new ones will be refused.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.7, 0.9),
      queries: [
        {
          expr: 'sum(pg_stat_database_numbackends) / max(pg_settings_max_connections)',
          legend: 'in use',
        },
      ],
    }),
    stat({
      title: 'PostgreSQL: in memory',
      description: 'Pages found in shared_buffers. Below 99 % the data does not fit there.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum(rate(pg_stat_database_blks_hit{${DATABASES}}[$__rate_interval])) / (sum(rate(pg_stat_database_blks_hit{${DATABASES}}[$__rate_interval])) + sum(rate(pg_stat_database_blks_read{${DATABASES}}[$__rate_interval])))`,
          legend: 'in memory',
        },
      ],
    }),
    stat({
      title: 'Redis: in use',
      description: 'At maxmemory it evicts keys; caches miss more then.',
      unit: 'bytes',
      queries: [{ expr: 'sum(redis_memory_used_bytes)', legend: 'used' }],
    }),
    stat({
      title: 'Readings that failed',
      description: 'In five minutes. A panel may be empty because a scrape could not read it.',
      unit: 'short',
      thresholds: worseAbove(1, 10),
      queries: [
        {
          expr: `sum(increase(metrics_read_errors_total{${ofService}}[5m])) or vector(0)`,
          legend: 'failed',
        },
      ],
    }),
  ],
};

const pools: Row = {
  title: 'Pools',
  panels: [
    timeseries({
      title: 'Connections in use, by service and pool',
      width: 8,
      description: 'Over all replicas, with what the pools may open together.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service, pool) (db_pool_used{${ofService}})`,
          legend: '{{service}} {{pool}} used',
        },
        {
          expr: `sum by (service, pool) (db_pool_limit{${ofService}})`,
          legend: '{{service}} {{pool}} limit',
        },
      ],
    }),
    timeseries({
      title: 'Pool in use, by replica',
      width: 8,
      description: 'One full pool among empty ones: this replica holds its connections too long.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.8, 1),
      queries: [
        {
          expr: `max by (service, instance, pool) (db_pool_used{${ofReplica}} / db_pool_limit{${ofReplica}})`,
          legend: '{{service}} {{instance}} {{pool}}',
        },
      ],
    }),
    timeseries({
      title: 'Callers that wait, by replica',
      width: 8,
      description: 'Each of them is a request that stands still.',
      unit: 'short',
      thresholds: worseAbove(1, 10),
      queries: [
        {
          expr: `sum by (service, instance, pool) (db_pool_waiting{${ofReplica}})`,
          legend: '{{service}} {{instance}} {{pool}}',
        },
      ],
    }),
  ],
};

const caches: Row = {
  title: 'Caches',
  panels: [
    timeseries({
      title: 'Reads that the cache answers, by namespace',
      description: 'A sudden drop: Redis lost its keys, or much was changed at once.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `${perSecond('service, namespace', `cache_hits_total{${ofService}}`)} / (${perSecond('service, namespace', `cache_hits_total{${ofService}}`)} + ${perSecond('service, namespace', `cache_misses_total{${ofService}}`)})`,
          legend: '{{service}} {{namespace}}',
        },
      ],
    }),
    timeseries({
      title: 'Reads per second, by what answers them',
      description: 'Memory of the process, Redis, or the origin. Stale ones are hits too.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('level', `cache_hits_total{${ofService}}`),
          legend: 'hit in {{level}}',
        },
        { expr: `sum(rate(cache_misses_total{${ofService}}[$__rate_interval]))`, legend: 'miss' },
        { expr: `sum(rate(cache_stale_total{${ofService}}[$__rate_interval]))`, legend: 'stale' },
      ],
    }),
    timeseries({
      title: 'Time to load from the origin, p95',
      description: 'What a miss costs.',
      unit: 's',
      queries: [
        {
          expr: percentile(
            0.95,
            'service, namespace',
            `cache_load_duration_seconds_bucket{${ofService}}`,
          ),
          legend: '{{service}} {{namespace}}',
        },
      ],
    }),
    timeseries({
      title: 'Origin loads per second, by outcome',
      description:
        'As many as misses: each key is loaded for itself. Fewer: waiting readers share one load.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond(
            'service, namespace, outcome',
            `cache_load_duration_seconds_count{${ofService}}`,
          ),
          legend: '{{service}} {{namespace}} {{outcome}}',
        },
      ],
    }),
    timeseries({
      title: 'Operations per second without the second level',
      description: 'Redis could not be used. Services go on with their own memory and the origin.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('service, operation', `cache_errors_total{${ofService}}`),
          legend: '{{service}} {{operation}}',
          needs: 'redisAway',
        },
      ],
    }),
    timeseries({
      title: 'Redis: commands per second and clients',
      description: 'Commands without more traffic: somebody scans keys.',
      unit: 'short',
      queries: [
        {
          expr: 'sum(rate(redis_commands_processed_total[$__rate_interval]))',
          legend: 'commands/s',
        },
        { expr: 'sum(redis_connected_clients)', legend: 'clients' },
      ],
    }),
    timeseries({
      title: 'Redis: keys found and not found per second',
      description: 'As Redis counts them, the reads of rate limits and locks included.',
      unit: 'ops',
      queries: [
        { expr: 'sum(rate(redis_keyspace_hits_total[$__rate_interval]))', legend: 'found' },
        { expr: 'sum(rate(redis_keyspace_misses_total[$__rate_interval]))', legend: 'not found' },
        { expr: 'sum(rate(redis_evicted_keys_total[$__rate_interval]))', legend: 'evicted' },
      ],
    }),
    timeseries({
      title: 'Redis: memory',
      description: 'Used, and the most that it may use.',
      unit: 'bytes',
      queries: [
        { expr: 'sum(redis_memory_used_bytes)', legend: 'used' },
        { expr: 'sum(redis_memory_max_bytes)', legend: 'maxmemory' },
      ],
    }),
  ],
};

const database: Row = {
  title: 'PostgreSQL',
  panels: [
    timeseries({
      title: 'Connections, by database',
      description: 'As PostgreSQL sees them, behind PgBouncer; the line is max_connections.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (datname) (pg_stat_database_numbackends{${DATABASES}})`,
          legend: '{{datname}}',
        },
        { expr: 'max(pg_settings_max_connections)', legend: 'max_connections' },
      ],
    }),
    timeseries({
      title: 'Transactions per second, by database',
      description: 'Committed. Each service has a database of its own.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('datname', `pg_stat_database_xact_commit{${DATABASES}}`),
          legend: '{{datname}}',
        },
      ],
    }),
    timeseries({
      title: 'Rolled back and deadlocked per second, by database',
      description:
        'Conflicts are rolled back and tried again; a deadlock is a mistake in the code.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('datname', `pg_stat_database_xact_rollback{${DATABASES}}`),
          legend: '{{datname}} rolled back',
        },
        {
          expr: perSecond('datname', `pg_stat_database_deadlocks{${DATABASES}}`),
          legend: '{{datname}} deadlocks',
        },
      ],
    }),
    timeseries({
      title: 'Rows per second, by database',
      description:
        'Returned by scans, and written. Many returned for few requests: an index lacks.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('datname', `pg_stat_database_tup_returned{${DATABASES}}`),
          legend: '{{datname}} returned',
        },
        {
          expr: `${perSecond('datname', `pg_stat_database_tup_inserted{${DATABASES}}`)} + ${perSecond('datname', `pg_stat_database_tup_updated{${DATABASES}}`)} + ${perSecond('datname', `pg_stat_database_tup_deleted{${DATABASES}}`)}`,
          legend: '{{datname}} written',
        },
      ],
    }),
    timeseries({
      title: 'Longest transaction, by database',
      description: 'A long one holds locks and keeps vacuum from its work.',
      unit: 's',
      queries: [
        {
          expr: `max by (datname) (pg_stat_activity_max_tx_duration{${DATABASES}})`,
          legend: '{{datname}}',
        },
      ],
    }),
    timeseries({
      title: 'Size, by database',
      description: 'On disk, indexes included.',
      unit: 'bytes',
      queries: [
        {
          expr: `max by (datname) (pg_database_size_bytes{${DATABASES}})`,
          legend: '{{datname}}',
        },
      ],
    }),
  ],
};

export const data: Dashboard = {
  uid: 'data-stores',
  title: 'Data',
  description: 'Do pools, caches, Redis and PostgreSQL keep up?',
  variables: [service, replica],
  rows: [overview, pools, caches, database],
};
