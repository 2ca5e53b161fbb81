import type { Dashboard, Row, Variable } from './model.ts';
import { stat, table, timeseries, worseAbove } from './panels.ts';
import { percentile, perSecond, share } from './promql.ts';

const GATEWAY = 'service="gateway", instance=~"$replica"';
const UPSTREAM = `${GATEWAY}, upstream=~"$upstream"`;
const REQUESTS = `http_server_request_duration_seconds_count{${GATEWAY}`;
const BUCKETS = `http_server_request_duration_seconds_bucket{${GATEWAY}}`;
const CALLS = `http_client_request_duration_seconds_count{${UPSTREAM}`;
const CALL_BUCKETS = `http_client_request_duration_seconds_bucket{${UPSTREAM}}`;

const replica: Variable = {
  name: 'replica',
  label: 'Replica of the gateway',
  query: 'label_values(build_info{job="gateway"}, instance)',
  allValue: '.+',
};

const upstream: Variable = {
  name: 'upstream',
  label: 'Upstream',
  query: 'label_values(gateway_replicas, upstream)',
  allValue: '.+',
};

const routes: Row = {
  title: 'Routes',
  panels: [
    table({
      title: 'Routes now',
      description: 'Which route is busy, slow or failing? Over the last minute.',
      unit: 'short',
      rowLabel: { label: 'http_route', heading: 'Route' },
      units: { 'Requests/s': 'reqps', p50: 's', p95: 's', p99: 's', '5xx': 'percentunit' },
      queries: [
        { expr: `sum by (http_route) (rate(${REQUESTS}}[1m]))`, legend: 'Requests/s' },
        ...[0.5, 0.95, 0.99].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (http_route, le) (rate(${BUCKETS}[1m])))`,
          legend: `p${quantile * 100}`,
        })),
        {
          expr: `(sum by (http_route) (rate(${REQUESTS}, http_response_status_code=~"5.."}[1m])) or 0 * sum by (http_route) (rate(${REQUESTS}}[1m]))) / sum by (http_route) (rate(${REQUESTS}}[1m]))`,
          legend: '5xx',
        },
      ],
    }),
    timeseries({
      title: 'Requests per second by route',
      description: 'What do clients ask for? `unmatched` is what no route answers.',
      unit: 'reqps',
      queries: [{ expr: perSecond('http_route', `${REQUESTS}}`), legend: '{{http_route}}' }],
    }),
    timeseries({
      title: 'p95 by route',
      description: 'Time from the first byte of a request to the end of its answer.',
      unit: 's',
      queries: [
        {
          expr: percentile(0.95, 'http_route', BUCKETS),
          legend: '{{http_route}}',
          exemplars: true,
        },
      ],
    }),
    timeseries({
      title: 'Share of 5xx by route',
      description: 'Which route fails? Then look which upstream it asks, below.',
      unit: 'percentunit',
      thresholds: worseAbove(0.001, 0.001),
      queries: [
        {
          expr: share(
            'http_route',
            `${REQUESTS}, http_response_status_code=~"5.."}`,
            `${REQUESTS}}`,
          ),
          legend: '{{http_route}}',
        },
      ],
    }),
    timeseries({
      title: 'Share of 4xx by route',
      description:
        'What clients get wrong, or are refused (401, 403, 429). A jump after a release: the contract changed.',
      unit: 'percentunit',
      queries: [
        {
          expr: share(
            'http_route',
            `${REQUESTS}, http_response_status_code=~"4.."}`,
            `${REQUESTS}}`,
          ),
          legend: '{{http_route}}',
        },
      ],
    }),
  ],
};

const filters: Row = {
  title: 'Filters',
  panels: [
    timeseries({
      title: 'Decisions of filters and endpoints per second',
      description:
        'What each filter did with the requests: passed, refused, answered from the cache.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('decider, outcome', `gateway_decisions_total{${GATEWAY}}`),
          legend: '{{decider}}: {{outcome}}',
        },
      ],
    }),
    timeseries({
      title: 'Rate limits: decisions per second',
      description:
        '`refused` got 429. `unchecked`, `closed` and `…-locally` are decisions without the store: look at Redis.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('limiter, outcome', `gateway_rate_limit_decisions_total{${GATEWAY}}`),
          legend: '{{limiter}}: {{outcome}}',
        },
      ],
    }),
    timeseries({
      title: 'Latency budget used, p95 by route',
      description: 'Of the budget of the `deadline` filter; above 100 % the answer came too late.',
      unit: 'percentunit',
      thresholds: worseAbove(0.75, 1),
      queries: [
        {
          expr: percentile(0.95, 'http_route', `gateway_deadline_burn_ratio_bucket{${GATEWAY}}`),
          legend: '{{http_route}}',
          needs: 'deadline',
        },
      ],
    }),
    timeseries({
      title: 'Contract drift: answers per second not as the contract says',
      description: 'Sampled answers of upstreams that break their own OpenAPI document.',
      unit: 'ops',
      queries: [
        {
          expr: perSecond('upstream, operation, kind', `gateway_contract_drift_total{${UPSTREAM}}`),
          legend: '{{upstream}} {{operation}}: {{kind}}',
          needs: 'drift',
        },
      ],
    }),
  ],
};

const upstreams: Row = {
  title: 'Upstreams',
  panels: [
    timeseries({
      title: 'Calls per second by upstream',
      description: 'Retries counted, so it may exceed what the routes answer.',
      unit: 'reqps',
      queries: [{ expr: perSecond('upstream', `${CALLS}}`), legend: '{{upstream}}' }],
    }),
    timeseries({
      title: 'Calls per second by replica',
      description: 'Is the load balanced? Lines of one upstream lie on each other then.',
      unit: 'reqps',
      queries: [
        { expr: perSecond('upstream, replica', `${CALLS}}`), legend: '{{upstream}} {{replica}}' },
      ],
    }),
    timeseries({
      title: 'Latency by upstream',
      description: 'As the gateway sees it: the network and the wait for a connection included.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((quantile) => ({
        expr: percentile(quantile, 'upstream', CALL_BUCKETS),
        legend: `{{upstream}} p${quantile * 100}`,
        exemplars: true,
      })),
    }),
    timeseries({
      title: 'p95 by replica',
      description: 'One slow replica among fast ones: `balance: p2c` gives it less.',
      unit: 's',
      queries: [
        {
          expr: percentile(0.95, 'upstream, replica', CALL_BUCKETS),
          legend: '{{upstream}} {{replica}}',
          exemplars: true,
        },
      ],
    }),
    timeseries({
      title: 'Failed calls, as a share, by upstream',
      description: '5xx, no connection, no answer in time. Above the 5xx of routes: retries help.',
      unit: 'percentunit',
      queries: [
        {
          expr: share('upstream', `${CALLS}, status!~"[1-4].."}`, `${CALLS}}`),
          legend: '{{upstream}}',
        },
      ],
    }),
    timeseries({
      title: 'Retries per second, by reason',
      description: 'Each is a request sent again. Many of them load what is already in trouble.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('upstream, reason', `gateway_retries_total{${UPSTREAM}}`),
          legend: '{{upstream}}: {{reason}}',
        },
      ],
    }),
    timeseries({
      title: 'Replicas by state',
      description:
        'Known to discovery, usable (ready and not put aside), ejected. As one gateway sees them.',
      unit: 'suffix: replicas',
      queries: [
        {
          expr: `max by (upstream, state) (gateway_replicas{${UPSTREAM}})`,
          legend: '{{upstream}} {{state}}',
        },
      ],
    }),
    timeseries({
      title: 'Streams open',
      description: 'Server-sent events and WebSockets; each holds a connection to a replica.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (http_route, kind) (gateway_streams_open{${GATEWAY}})`,
          legend: '{{http_route}} {{kind}}',
        },
      ],
    }),
  ],
};

const breakers: Row = {
  title: 'Breakers and ejections',
  panels: [
    timeseries({
      title: 'Open breakers, as a share of the gateways',
      description: 'At 100 % no gateway asks the upstream: its clients get 503 at once.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.01, 1),
      queries: [
        {
          expr: `avg by (upstream) (gateway_breaker_state{${UPSTREAM}, state="open"})`,
          legend: '{{upstream}}',
          needs: 'breaker',
        },
      ],
    }),
    timeseries({
      title: 'Transitions of breakers',
      description: 'How often in the last minute. A breaker that flaps has too short a window.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (upstream, to) (increase(gateway_breaker_transitions_total{${UPSTREAM}}[1m]))`,
          legend: '{{upstream}} to {{to}}',
        },
      ],
    }),
    timeseries({
      title: 'Replicas ejected',
      description: 'In the last minute, for the requests that they failed.',
      unit: 'suffix: replicas',
      queries: [
        {
          expr: `sum by (upstream) (increase(gateway_ejections_total{${UPSTREAM}}[1m]))`,
          legend: '{{upstream}}',
        },
      ],
    }),
    timeseries({
      title: 'Mirrored requests per second',
      description: 'Copies of requests to a second upstream, and what became of them.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('upstream, outcome', `gateway_mirrored_requests_total{${UPSTREAM}}`),
          legend: '{{upstream}}: {{outcome}}',
          needs: 'mirror',
        },
      ],
    }),
  ],
};

const shedding: Row = {
  title: 'Shedding: what is refused so that the rest is answered',
  panels: [
    timeseries({
      title: 'Answers of 429 and 503 per second',
      description: 'What clients see of it. Each carries `Retry-After`.',
      unit: 'reqps',
      queries: [
        {
          expr: `${perSecond('http_response_status_code', `${REQUESTS}, http_response_status_code=~"429|503"}`)} or label_replace(0 * ${perSecond('service', `${REQUESTS}}`)}, "http_response_status_code", "429 or 503", "", "")`,
          legend: '{{http_response_status_code}}',
        },
      ],
    }),
    timeseries({
      title: 'Refusals for an upstream’s protection, per second',
      description:
        'By reason: open breaker, too many in flight, or the budget of retries is spent.',
      unit: 'reqps',
      queries: [
        {
          expr: perSecond('upstream, reason', `gateway_upstream_refusals_total{${UPSTREAM}}`),
          legend: '{{upstream}}: {{reason}}',
        },
      ],
    }),
    timeseries({
      title: 'In flight, of what each upstream may have',
      description: 'At 100 % the gateway refuses. An adaptive limit sinks when the upstream slows.',
      unit: 'percentunit',
      max: 1,
      thresholds: worseAbove(0.8, 1),
      queries: [
        {
          expr: `max by (upstream) (gateway_upstream_requests_in_flight{${UPSTREAM}} / gateway_upstream_in_flight_limit{${UPSTREAM}})`,
          legend: '{{upstream}}',
        },
      ],
    }),
    timeseries({
      title: 'Concurrency limits: running and waiting',
      description: 'Requests within a bulkhead of the `concurrency` filter, and at its door.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (bulkhead) (gateway_bulkhead_in_flight{${GATEWAY}})`,
          legend: '{{bulkhead}} running',
          needs: 'bulkhead',
        },
        {
          expr: `sum by (bulkhead) (gateway_bulkhead_waiting{${GATEWAY}})`,
          legend: '{{bulkhead}} waiting',
          needs: 'bulkhead',
        },
      ],
    }),
  ],
};

const operation: Row = {
  title: 'Operation',
  panels: [
    stat({
      title: 'Gateways',
      description: 'Replicas that answer Prometheus.',
      unit: 'suffix: replicas',
      width: 6,
      queries: [{ expr: 'sum(up{job="gateway"})', legend: 'up' }],
    }),
    stat({
      title: 'Upstreams without a usable replica',
      description: 'Their routes answer 502 or 503.',
      unit: 'short',
      width: 6,
      thresholds: worseAbove(1, 1),
      queries: [
        {
          expr: `count(max by (upstream) (gateway_replicas{${UPSTREAM}, state="usable"}) == 0) or vector(0)`,
          legend: 'upstreams',
        },
      ],
    }),
    timeseries({
      title: 'Reloads of the configuration',
      description:
        'In the last minute. `refused`: the file has mistakes, the old one goes on; the log names them.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (outcome) (increase(gateway_config_reloads_total{${GATEWAY}}[1m]))`,
          legend: '{{outcome}}',
        },
      ],
    }),
  ],
};

export const gateway: Dashboard = {
  uid: 'api-gateway',
  title: 'Gateway',
  description:
    'What does the gateway do with each request: routes, filters, upstreams, breakers, shedding.',
  variables: [replica, upstream],
  rows: [routes, filters, upstreams, breakers, shedding, operation],
};
