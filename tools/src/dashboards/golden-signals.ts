import type { Dashboard, Row } from './model.ts';
import { heatmap, stat, timeseries, worseAbove } from './panels.ts';
import {
  noStreams,
  ofProcess,
  ofProcessReplica,
  ofReplica,
  ofService,
  percentile,
  perSecond,
  share,
} from './promql.ts';
import { replica, service } from './variables.ts';

const REQUESTS = 'http_server_request_duration_seconds_count';
const BUCKETS = 'http_server_request_duration_seconds_bucket';
const GATEWAY = 'service="gateway"';
const FAILED = 'http_response_status_code=~"5.."';

const overview: Row = {
  title: 'At a glance: what clients get at the gateway',
  panels: [
    stat({
      title: 'Requests per second',
      description: 'Answered by the gateway, whatever their status.',
      unit: 'reqps',
      queries: [{ expr: `sum(rate(${REQUESTS}{${GATEWAY}}[$__rate_interval]))`, legend: 'served' }],
    }),
    stat({
      title: 'p95',
      description: 'The objective is 250 ms. Above it: see which service is slow under Latency.',
      unit: 's',
      thresholds: worseAbove(0.2, 0.25),
      queries: [
        { expr: percentile(0.95, '', `${BUCKETS}{${GATEWAY}, ${noStreams}}`), legend: 'p95' },
      ],
    }),
    stat({
      title: 'Share of 5xx',
      description: 'The objective is 99.9 % good requests. Above 0.1 % the error budget shrinks.',
      unit: 'percentunit',
      thresholds: worseAbove(0.0005, 0.001),
      queries: [
        {
          expr: share('service', `${REQUESTS}{${GATEWAY}, ${FAILED}}`, `${REQUESTS}{${GATEWAY}}`),
          legend: '5xx',
        },
      ],
    }),
    stat({
      title: 'Busiest event loop',
      description: 'One replica near 100 % makes all its requests wait: add replicas.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.7, 0.9),
      queries: [
        { expr: `max(nodejs_eventloop_utilization_ratio{${ofProcess}})`, legend: 'busiest' },
      ],
    }),
    stat({
      title: 'Replicas up',
      description: 'Processes of the chosen services that answer Prometheus.',
      unit: 'suffix: replicas',
      queries: [{ expr: `sum(up{${ofProcess}})`, legend: 'up' }],
    }),
    stat({
      title: 'Alerts that fire',
      description: 'Their names and since when: Prometheus, page Alerts.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
    }),
  ],
};

const latency: Row = {
  title: 'Latency',
  panels: [
    timeseries({
      title: 'Latency by service',
      description:
        'Which service is slow? The gateway is slow with the slowest that it asks. Streams are left out. The dots are single requests; click one for its trace.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: percentile(quantile, 'service', `${BUCKETS}{${ofService}, ${noStreams}}`),
        legend: `{{service}} p${quantile * 100}`,
        exemplars: true,
      })),
    }),
    timeseries({
      title: 'p95 by replica',
      description: 'Is it one replica or all? One alone: look at its CPU and event loop below.',
      unit: 's',
      queries: [
        {
          expr: percentile(0.95, 'service, instance', `${BUCKETS}{${ofReplica}, ${noStreams}}`),
          legend: '{{service}} {{instance}}',
          exemplars: true,
        },
      ],
    }),
    heatmap({
      title: 'Requests by duration',
      description:
        'Two bands mean two kinds of requests (hits and misses, say), which a percentile hides.',
      unit: 's',
      queries: [
        {
          expr: perSecond('le', `${BUCKETS}{${ofReplica}, ${noStreams}}`),
          legend: '{{le}}',
          exemplars: true,
        },
      ],
    }),
    timeseries({
      title: 'p95 by route',
      description: 'Which operation is slow? Routes are templates, never the path that was asked.',
      unit: 's',
      queries: [
        {
          expr: percentile(0.95, 'service, http_route', `${BUCKETS}{${ofService}}`),
          legend: '{{service}} {{http_route}}',
          exemplars: true,
        },
      ],
    }),
  ],
};

const traffic: Row = {
  title: 'Traffic',
  panels: [
    timeseries({
      title: 'Requests per second by service',
      description: 'What each service answers, over all its replicas.',
      unit: 'reqps',
      queries: [{ expr: perSecond('service', `${REQUESTS}{${ofService}}`), legend: '{{service}}' }],
    }),
    timeseries({
      title: 'Requests per second by replica',
      description: 'Does each replica get its share? Lines of a service lie on each other then.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('service, instance', `${REQUESTS}{${ofReplica}}`),
          legend: '{{service}} {{instance}}',
        },
      ],
    }),
  ],
};

const errors: Row = {
  title: 'Errors',
  panels: [
    timeseries({
      title: 'Share of 5xx by service',
      description:
        'Which service fails? The red line is the objective, 0.1 %. A service above it and the gateway not: retries hide it.',
      unit: 'percentunit',
      thresholds: worseAbove(0.001, 0.001),
      queries: [
        {
          expr: share(
            'service',
            `${REQUESTS}{${ofService}, ${FAILED}}`,
            `${REQUESTS}{${ofService}}`,
          ),
          legend: '{{service}}',
        },
      ],
    }),
    timeseries({
      title: 'Share of 5xx by replica',
      description:
        'One replica that fails alone is ejected by the gateway; see Gateway, Upstreams.',
      unit: 'percentunit',
      thresholds: worseAbove(0.001, 0.001),
      queries: [
        {
          expr: share(
            'service, instance',
            `${REQUESTS}{${ofReplica}, ${FAILED}}`,
            `${REQUESTS}{${ofReplica}}`,
          ),
          legend: '{{service}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Answers per second by status',
      description: '4xx are the clients’ mistakes, 429 and 503 are refusals, other 5xx are ours.',
      unit: 'reqps',
      stacked: true,
      queries: [
        {
          expr: perSecond('http_response_status_code', `${REQUESTS}{${ofReplica}}`),
          legend: '{{http_response_status_code}}',
        },
      ],
    }),
    timeseries({
      title: 'Speed at which the error budget burns',
      description:
        'Share of 5xx at the gateway over 0.1 %. At 1 the budget of 30 days lasts 30 days, at 14.4 it is gone in two, and an alert fires.',
      unit: 'suffix:×',
      thresholds: worseAbove(1, 14.4),
      queries: ['5m', '1h'].map((window) => ({
        expr: `service:http_server_errors:ratio_rate${window}{${GATEWAY}} / 0.001`,
        legend: `over ${window}`,
      })),
    }),
  ],
};

const saturation: Row = {
  title: 'Saturation',
  panels: [
    timeseries({
      title: 'CPU by service',
      description: 'Cores in use over all replicas. A process of Node uses little more than one.',
      unit: 'suffix: cores',
      queries: [
        {
          expr: perSecond('job', `process_cpu_seconds_total{${ofProcess}}`),
          legend: '{{job}}',
        },
      ],
    }),
    timeseries({
      title: 'CPU by replica',
      description: 'Near 1: this replica is full. All of them: scale out.',
      unit: 'suffix: cores',
      thresholds: worseAbove(0.9, 1),
      queries: [
        {
          expr: perSecond('job, instance', `process_cpu_seconds_total{${ofProcessReplica}}`),
          legend: '{{job}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Memory by service',
      description: 'Resident memory over all replicas.',
      unit: 'bytes',
      queries: [
        {
          expr: `sum by (job) (process_resident_memory_bytes{${ofProcess}})`,
          legend: '{{job}}',
        },
      ],
    }),
    timeseries({
      title: 'Memory by replica',
      description: 'A line that only climbs is a leak; compare with the heap.',
      unit: 'bytes',
      queries: [
        {
          expr: `sum by (job, instance) (process_resident_memory_bytes{${ofProcessReplica}})`,
          legend: '{{job}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Event loop: time busy, by service',
      description: 'The busiest replica of each service. Above 70 % latency begins to rise.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.7, 0.9),
      queries: [
        {
          expr: `max by (job) (nodejs_eventloop_utilization_ratio{${ofProcess}})`,
          legend: '{{job}}',
        },
      ],
    }),
    timeseries({
      title: 'Event loop: longest delay, by replica',
      description:
        'The longest turn since the scrape before: every request of the replica waited so long.',
      unit: 's',
      queries: [
        {
          expr: `max by (job, instance) (nodejs_eventloop_delay_seconds{${ofProcessReplica}, quantile="1"})`,
          legend: '{{job}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Requests in flight by service',
      description: 'Requests that have begun and not ended. Grows when a service falls behind.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service) (http_server_requests_in_flight{${ofService}})`,
          legend: '{{service}}',
        },
      ],
    }),
    timeseries({
      title: 'Requests in flight by replica',
      description: 'One replica with many more than its peers is slow.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service, instance) (http_server_requests_in_flight{${ofReplica}})`,
          legend: '{{service}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Database pool in use, by service',
      description: 'Of what the pools of all replicas may open. Full: see Data, Pools.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.8, 1),
      queries: [
        {
          expr: `sum by (service) (db_pool_used{${ofService}}) / sum by (service) (db_pool_limit{${ofService}})`,
          legend: '{{service}}',
        },
      ],
    }),
    timeseries({
      title: 'Heap in use, by replica',
      description: 'Of the heap’s limit. The process ends at 100 %.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.8, 0.95),
      queries: [
        {
          expr: `max by (job, instance) (nodejs_heap_used_bytes{${ofProcessReplica}} / nodejs_heap_limit_bytes{${ofProcessReplica}})`,
          legend: '{{job}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Time in garbage collection, by replica',
      description: 'More than a few percent: the heap is too small or too much is allocated.',
      unit: 'percentunit',
      queries: [
        {
          expr: perSecond('job, instance', `nodejs_gc_duration_seconds_total{${ofProcessReplica}}`),
          legend: '{{job}} {{instance}}',
        },
      ],
    }),
    timeseries({
      title: 'Replicas up, by service',
      description: 'Processes that answer Prometheus. A drop nobody asked for: look at its logs.',
      unit: 'suffix: replicas',
      queries: [{ expr: `sum by (job) (up{${ofProcess}})`, legend: '{{job}}' }],
    }),
  ],
};

export const goldenSignals: Dashboard = {
  uid: 'golden-signals',
  title: 'Golden signals',
  description:
    'Is the platform well? Latency, traffic, errors and saturation, by service, then by replica.',
  variables: [service, replica],
  rows: [overview, latency, traffic, errors, saturation],
};
