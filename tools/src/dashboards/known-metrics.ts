import { CATALOGUE } from '@woodytoys/metrics';
import type { MetricDefinition } from '@woodytoys/metrics';

/** Series that dashboards, rules and alerts may ask for and that are not in our catalogue. */
export const FOREIGN_METRICS: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['up', 'ALERTS', 'prometheus_rule_evaluation_failures_total'],
  rabbitmq: [
    'rabbitmq_channels',
    'rabbitmq_connections',
    'rabbitmq_consumers',
    'rabbitmq_detailed_queue_messages',
    'rabbitmq_detailed_queue_messages_ready',
    'rabbitmq_detailed_queue_messages_unacked',
    'rabbitmq_process_resident_memory_bytes',
    'rabbitmq_queue_messages_ready',
    'rabbitmq_resident_memory_limit_bytes',
  ],
  'postgres-exporter': [
    'pg_database_size_bytes',
    'pg_settings_max_connections',
    'pg_stat_activity_max_tx_duration',
    'pg_stat_database_blks_hit',
    'pg_stat_database_blks_read',
    'pg_stat_database_deadlocks',
    'pg_stat_database_numbackends',
    'pg_stat_database_tup_deleted',
    'pg_stat_database_tup_inserted',
    'pg_stat_database_tup_returned',
    'pg_stat_database_tup_updated',
    'pg_stat_database_xact_commit',
    'pg_stat_database_xact_rollback',
    'pg_up',
  ],
  'redis-exporter': [
    'redis_commands_processed_total',
    'redis_connected_clients',
    'redis_evicted_keys_total',
    'redis_keyspace_hits_total',
    'redis_keyspace_misses_total',
    'redis_memory_max_bytes',
    'redis_memory_used_bytes',
    'redis_up',
  ],
  'nginx-exporter': ['nginx_http_requests_total', 'nginx_up'],
  k6: [
    'k6_dropped_iterations_total',
    'k6_http_req_duration_seconds',
    'k6_http_reqs_total',
    'k6_vus',
  ],
};

/** The names of all series of the catalogue: a histogram has three. */
export function catalogueSeries(): ReadonlySet<string> {
  return new Set(
    Object.values<MetricDefinition>(CATALOGUE).flatMap(({ name, kind }) =>
      kind === 'histogram' ? ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`) : [name],
    ),
  );
}
