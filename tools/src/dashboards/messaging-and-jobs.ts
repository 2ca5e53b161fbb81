import type { Dashboard, Row } from './model.ts';
import { stat, timeseries, worseAbove } from './panels.ts';
import { ofService, percentile, perSecond, share } from './promql.ts';
import { service } from './variables.ts';

const HANDLED = `message_handler_duration_seconds_count{${ofService}`;
const HANDLED_BUCKETS = `message_handler_duration_seconds_bucket{${ofService}}`;

const overview: Row = {
  title: 'At a glance',
  panels: [
    stat({
      title: 'Messages ready',
      description:
        'In RabbitMQ, waiting for a consumer. Climbing: add workers, or see why handlers are slow.',
      unit: 'short',
      queries: [{ expr: 'sum(rabbitmq_queue_messages_ready)', legend: 'ready' }],
    }),
    stat({
      title: 'Dead letters kept',
      description:
        'Messages given up after their last attempt; the queue NAME.dead has the reason.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [
        {
          expr: 'sum(rabbitmq_detailed_queue_messages{queue=~".+\\\\.dead"}) or vector(0)',
          legend: 'dead letters',
        },
      ],
    }),
    stat({
      title: 'Oldest event unsent',
      description:
        'In an outbox: how late events are. Above some seconds: the broker is away or too slow.',
      unit: 's',
      thresholds: worseAbove(5, 30),
      queries: [{ expr: `max(outbox_oldest_seconds{${ofService}})`, legend: 'oldest' }],
    }),
    stat({
      title: 'Without broker',
      description: 'Processes that are not connected to RabbitMQ; their outboxes fill.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [
        { expr: `count(message_broker_connected{${ofService}} == 0) or vector(0)`, legend: 'away' },
      ],
    }),
    stat({
      title: 'Jobs under way',
      description: 'Reports asked for and not yet done.',
      unit: 'short',
      queries: [
        {
          expr: `sum(max by (service, kind, state) (jobs{${ofService}, state=~"queued|running"}))`,
          legend: 'jobs',
        },
      ],
    }),
    stat({
      title: 'Jobs failed',
      description: 'As many as the database keeps; each has its error at its own address.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [
        {
          expr: `sum(max by (service, kind, state) (jobs{${ofService}, state="failed"})) or vector(0)`,
          legend: 'failed',
        },
      ],
    }),
  ],
};

const jobs: Row = {
  title: 'Jobs',
  panels: [
    timeseries({
      title: 'Jobs by state',
      description:
        'Each replica reads the same table, so the largest reading counts and not the sum.',
      unit: 'short',
      queries: [
        {
          expr: `max by (kind, state) (jobs{${ofService}})`,
          legend: '{{kind}} {{state}}',
        },
      ],
    }),
    timeseries({
      title: 'Time to handle a message, by queue',
      description: 'For the queue of reports this is the time that a report takes.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: percentile(quantile, 'queue', HANDLED_BUCKETS),
        legend: `{{queue}} p${quantile * 100}`,
        exemplars: true,
      })),
    }),
    timeseries({
      title: 'Messages handled per second, by replica',
      description: 'Do all workers take part? One with none has no connection or hangs.',
      unit: 'suffix: msg/s',
      queries: [
        { expr: perSecond('service, instance', `${HANDLED}}`), legend: '{{service}} {{instance}}' },
      ],
    }),
    timeseries({
      title: 'Wait between publish and handler, p95 by queue',
      description: 'Grows when consumers fall behind; the pauses before a retry count too.',
      unit: 's',
      queries: [
        {
          expr: percentile(0.95, 'queue', `message_queue_age_seconds_bucket{${ofService}}`),
          legend: '{{queue}}',
        },
      ],
    }),
  ],
};

const messages: Row = {
  title: 'Messages',
  panels: [
    timeseries({
      title: 'Published per second, by exchange and outcome',
      description: '`failed` was not confirmed; the outbox sends it again.',
      unit: 'suffix: msg/s',
      queries: [
        {
          expr: perSecond('exchange, outcome', `message_published_total{${ofService}}`),
          legend: '{{exchange}} {{outcome}}',
        },
      ],
    }),
    timeseries({
      title: 'Handled per second, by queue and outcome',
      description: '`retried` comes back after a pause; `dead-lettered` will not.',
      unit: 'suffix: msg/s',
      queries: [
        { expr: perSecond('queue, outcome', `${HANDLED}}`), legend: '{{queue}} {{outcome}}' },
      ],
    }),
    timeseries({
      title: 'Share not acknowledged at the first go, by queue',
      description: 'Retried or dead-lettered: the handler throws. Its log has the error.',
      unit: 'percentunit',
      thresholds: worseAbove(0.01, 0.1),
      queries: [
        {
          expr: share('queue', `${HANDLED}, outcome!="acknowledged"}`, `${HANDLED}}`),
          legend: '{{queue}}',
        },
      ],
    }),
    timeseries({
      title: 'Redelivered per second, by queue',
      description: 'Came again without an answer: a consumer died or lost its connection.',
      unit: 'suffix: msg/s',
      queries: [
        {
          expr: perSecond('queue', `message_redelivered_total{${ofService}}`),
          legend: '{{queue}}',
        },
      ],
    }),
  ],
};

const outbox: Row = {
  title: 'Outbox',
  panels: [
    timeseries({
      title: 'Rows that wait, by service',
      description:
        'Events saved with their data and not yet sent. All replicas read one table: the largest counts.',
      unit: 'short',
      queries: [{ expr: `max by (service) (outbox_pending{${ofService}})`, legend: '{{service}}' }],
    }),
    timeseries({
      title: 'Age of the oldest row that waits, by service',
      description: 'What other services do not know yet, in seconds.',
      unit: 's',
      thresholds: worseAbove(5, 30),
      queries: [
        { expr: `max by (service) (outbox_oldest_seconds{${ofService}})`, legend: '{{service}}' },
      ],
    }),
    timeseries({
      title: 'Rows given up, by service',
      description: 'After the last attempt. Above 0 somebody has to look at them.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [{ expr: `max by (service) (outbox_dead{${ofService}})`, legend: '{{service}}' }],
    }),
    timeseries({
      title: 'Connections to the broker, by service',
      description: 'One a process. Below the count of replicas, some are without.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service) (message_broker_connected{${ofService}})`,
          legend: '{{service}}',
        },
      ],
    }),
  ],
};

const broker: Row = {
  title: 'RabbitMQ',
  panels: [
    timeseries({
      title: 'Messages ready, by queue',
      description:
        'They wait for a consumer. `.retry.` queues hold what waits for its next attempt.',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (queue) (rabbitmq_detailed_queue_messages_ready)',
          legend: '{{queue}}',
        },
      ],
    }),
    timeseries({
      title: 'Messages unacknowledged, by queue',
      description: 'With a consumer at this moment. Stuck at the prefetch: its handler hangs.',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (queue) (rabbitmq_detailed_queue_messages_unacked)',
          legend: '{{queue}}',
        },
      ],
    }),
    timeseries({
      title: 'Connections, channels and consumers',
      description: 'Climbing channels with steady connections are a leak.',
      unit: 'short',
      queries: [
        { expr: 'sum(rabbitmq_connections)', legend: 'connections' },
        { expr: 'sum(rabbitmq_channels)', legend: 'channels' },
        { expr: 'sum(rabbitmq_consumers)', legend: 'consumers' },
      ],
    }),
    timeseries({
      title: 'Memory of the broker',
      description: 'At its limit RabbitMQ stops those who publish.',
      unit: 'bytes',
      queries: [
        { expr: 'sum(rabbitmq_process_resident_memory_bytes)', legend: 'used' },
        { expr: 'sum(rabbitmq_resident_memory_limit_bytes)', legend: 'limit' },
      ],
    }),
  ],
};

export const messagingAndJobs: Dashboard = {
  uid: 'messaging-and-jobs',
  title: 'Messaging and jobs',
  description: 'Do events and jobs arrive, how late, and what was given up?',
  variables: [service],
  rows: [overview, jobs, messages, outbox, broker],
};
