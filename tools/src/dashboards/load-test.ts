import type { Dashboard, Row } from './model.ts';
import { stat, timeseries, worseAbove } from './panels.ts';
import { noStreams, ofProcess, ofService, percentile, perSecond } from './promql.ts';
import { service } from './variables.ts';

const GATEWAY = 'service="gateway"';
const SERVED = `sum(rate(http_server_request_duration_seconds_count{${GATEWAY}}[$__rate_interval]))`;
const OFFERED = 'sum(rate(k6_http_reqs_total[$__rate_interval]))';

const overview: Row = {
  title: 'Offered against served',
  panels: [
    stat({
      title: 'Offered',
      description: 'Requests per second that k6 sends.',
      unit: 'reqps',
      queries: [{ expr: OFFERED, legend: 'offered', needs: 'loadTool' }],
    }),
    stat({
      title: 'Served by the gateway',
      description: 'Requests per second that were answered, whatever their status.',
      unit: 'reqps',
      queries: [{ expr: SERVED, legend: 'served' }],
    }),
    stat({
      title: 'Good',
      description: 'Of what the gateway served: neither 429 nor 5xx.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum(rate(http_server_request_duration_seconds_count{${GATEWAY}, http_response_status_code!~"429|5.."}[$__rate_interval])) / ${SERVED}`,
          legend: 'good',
        },
      ],
    }),
    stat({
      title: 'p95 at the gateway',
      description: 'Without the wait before the gateway accepts a connection; compare with k6’s.',
      unit: 's',
      thresholds: worseAbove(0.2, 0.25),
      queries: [
        {
          expr: percentile(
            0.95,
            '',
            `http_server_request_duration_seconds_bucket{${GATEWAY}, ${noStreams}}`,
          ),
          legend: 'p95',
        },
      ],
    }),
    stat({
      title: 'Virtual users',
      description: 'With an arrival rate, k6 starts more of them when answers get slow.',
      unit: 'short',
      queries: [{ expr: 'sum(k6_vus)', legend: 'users', needs: 'loadTool' }],
    }),
    stat({
      title: 'Iterations that k6 dropped',
      description:
        'Above 0 the load was less than asked for: raise maxVUs, or the machine is full.',
      unit: 'short',
      thresholds: worseAbove(1, 1),
      queries: [
        {
          expr: 'sum(increase(k6_dropped_iterations_total[$__range])) or 0 * sum(k6_vus)',
          legend: 'dropped',
          needs: 'loadTool',
        },
      ],
    }),
    timeseries({
      title: 'Requests per second along the way',
      description:
        'Offered by k6, taken by nginx, answered by the gateway and by each service. Where a line falls below the one before, requests wait or are refused.',
      unit: 'reqps',
      width: 24,
      height: 9,
      queries: [
        { expr: OFFERED, legend: 'k6 offers', needs: 'loadTool' },
        {
          expr: 'sum(rate(nginx_http_requests_total[$__rate_interval]))',
          legend: 'nginx takes',
        },
        { expr: SERVED, legend: 'gateway answers' },
        {
          expr: perSecond(
            'service',
            `http_server_request_duration_seconds_count{${ofService}, service!="gateway"}`,
          ),
          legend: '{{service}} answers',
        },
      ],
    }),
  ],
};

const client: Row = {
  title: 'What clients feel',
  panels: [
    timeseries({
      title: 'Latency: k6 and the gateway',
      description:
        'Far apart: requests wait before the gateway, in nginx or for a connection. k6’s histogram is a native one, so it has no buckets by `le`.',
      unit: 's',
      queries: [
        {
          expr: 'histogram_quantile(0.95, sum(rate(k6_http_req_duration_seconds[$__rate_interval])))',
          legend: 'k6 p95',
          needs: 'loadTool',
        },
        ...[0.5, 0.95, 0.99].map((quantile) => ({
          expr: percentile(
            quantile,
            '',
            `http_server_request_duration_seconds_bucket{${GATEWAY}, ${noStreams}}`,
          ),
          legend: `gateway p${quantile * 100}`,
          exemplars: true,
        })),
      ],
    }),
    timeseries({
      title: 'Failures per second',
      description: 'As the gateway answers them, by status, and as k6 counts them.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum(rate(k6_http_reqs_total{expected_response="false"}[$__rate_interval])) or 0 * ${OFFERED}`,
          legend: 'k6: not as expected',
          needs: 'loadTool',
        },
        {
          expr: `sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{${GATEWAY}, http_response_status_code=~"4..|5.."}[$__rate_interval]))`,
          legend: 'gateway {{http_response_status_code}}',
        },
      ],
    }),
  ],
};

const bottleneck: Row = {
  title: 'Where is the bottleneck?',
  panels: [
    timeseries({
      title: 'Latency that each service adds, p95',
      description: 'The one that climbs with the load is the bottleneck, or asks it.',
      unit: 's',
      queries: [
        {
          expr: percentile(
            0.95,
            'service',
            `http_server_request_duration_seconds_bucket{${ofService}, ${noStreams}}`,
          ),
          legend: '{{service}}',
          exemplars: true,
        },
      ],
    }),
    timeseries({
      title: 'Replicas, by service',
      description: 'Read every other line against this one.',
      unit: 'suffix: replicas',
      queries: [{ expr: `sum by (job) (up{${ofProcess}})`, legend: '{{job}}' }],
    }),
    timeseries({
      title: 'CPU of each replica, on average, by service',
      description:
        'Cores a replica. Near 1 the service is limited by its processors: scale it out.',
      unit: 'suffix: cores',
      thresholds: worseAbove(0.8, 1),
      queries: [
        {
          expr: `${perSecond('job', `process_cpu_seconds_total{${ofProcess}}`)} / count by (job) (build_info{${ofProcess}})`,
          legend: '{{job}}',
        },
      ],
    }),
    timeseries({
      title: 'Requests a second of processor time, by service',
      description: 'What one core answers. Steady while scaling; it falls when replicas contend.',
      unit: 'short',
      queries: [
        {
          expr: `${perSecond('service', `http_server_request_duration_seconds_count{${ofService}}`)} / on (service) label_replace(${perSecond('job', `process_cpu_seconds_total{${ofProcess}}`)}, "service", "$1", "job", "(.+)")`,
          legend: '{{service}}',
        },
      ],
    }),
    timeseries({
      title: 'Busiest event loop, by service',
      description: 'Saturation of a process of Node, before its latency shows it.',
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
      title: 'Database pools: in use and waiting',
      description:
        'Callers that wait while processors idle: the database or the pool is the limit.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service) (db_pool_used{${ofService}})`,
          legend: '{{service}} used',
        },
        {
          expr: `sum by (service) (db_pool_waiting{${ofService}})`,
          legend: '{{service}} waiting',
        },
      ],
    }),
    timeseries({
      title: 'Requests in flight along the way',
      description: 'By Little’s law rate times latency; a queue builds where it grows alone.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (service) (http_server_requests_in_flight{${ofService}})`,
          legend: '{{service}}',
        },
      ],
    }),
    timeseries({
      title: 'Messages that wait',
      description: 'Work put off: it must fall again after the load, or the load was too much.',
      unit: 'short',
      queries: [
        { expr: 'sum(rabbitmq_queue_messages_ready)', legend: 'in RabbitMQ' },
        {
          expr: `sum(max by (service) (outbox_pending{${ofService}}))`,
          legend: 'in outboxes',
        },
      ],
    }),
  ],
};

export const loadTest: Dashboard = {
  uid: 'load-test',
  title: 'Load test',
  description: 'How much is offered, how much is served, and what gives way first?',
  variables: [service],
  rows: [overview, client, bottleneck],
};
