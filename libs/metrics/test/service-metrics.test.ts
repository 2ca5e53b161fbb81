import { describe, expect, it } from 'vitest';
import type { UpstreamState } from '../src/index.ts';
import { createRegistry, parseExposition, read } from './support.ts';

describe('HTTP metrics', () => {
  it('count requests by method, route template and status, in the buckets of OpenTelemetry', async () => {
    const registry = createRegistry();
    const { http } = registry.service('user');
    const observe = (status: number, durationSeconds: number, method = 'GET') =>
      http.observe({ method, route: '/users/{id}', status, durationSeconds });
    observe(200, 0.004);
    observe(200, 0.3);
    observe(404, 0.001);
    observe(200, 0.001, 'HEAD');
    const of = (method: string, status: number) =>
      `service=user http_request_method=${method} http_route=/users/{id} http_response_status_code=${status}`;
    expect(await read(registry, 'http_server_request_duration_seconds_count')).toEqual([
      `${of('GET', 200)} 2`,
      `${of('GET', 404)} 1`,
      `${of('HEAD', 200)} 1`,
    ]);
    expect(await read(registry, 'http_server_request_duration_seconds_sum')).toContain(
      `${of('GET', 200)} 0.304`,
    );
    const buckets = (await read(registry, 'http_server_request_duration_seconds_bucket'))
      .filter((line) => line.includes(of('GET', 200)))
      .map((line) => line.replace(` ${of('GET', 200)}`, ''));
    expect(buckets).toEqual([
      ...['0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.25'].map((le) => `le=${le} 1`),
      ...['0.5', '0.75', '1', '2.5', '5', '7.5', '10', '+Inf'].map((le) => `le=${le} 2`),
    ]);
  });

  it('show a route at 0 before its first request', async () => {
    const registry = createRegistry();
    const { http } = registry.service('user');
    http.expect('GET', '/users/{id}', 200);
    const counts = () => read(registry, 'http_server_request_duration_seconds_count');
    const of =
      'service=user http_request_method=GET http_route=/users/{id} http_response_status_code=200';
    expect(await counts()).toEqual([`${of} 0`]);
    http.observe({ method: 'GET', route: '/users/{id}', status: 200, durationSeconds: 0.1 });
    expect(await counts()).toEqual([`${of} 1`]);
  });

  it('count what was refused before a route was looked for, by status and from 0', async () => {
    const registry = createRegistry();
    const { http } = registry.service('user');
    http.refused(431);
    http.refused(431);
    const refusals = await read(registry, 'http_server_refusals_total');
    expect(refusals).toContain('service=user http_response_status_code=431 2');
    expect(refusals).toContain('service=user http_response_status_code=400 0');
  });

  it('count requests in flight, each once', async () => {
    const registry = createRegistry();
    const { http } = registry.service('user');
    registry.service('idle');
    const ends = [http.start(), http.start(), http.start()];
    ends[0]?.();
    ends[0]?.();
    expect(await read(registry, 'http_server_requests_in_flight')).toEqual([
      'service=user 2',
      'service=idle 0',
    ]);
  });

  it('keep apart what looks alike when joined', async () => {
    const registry = createRegistry();
    const { client } = registry.service('gateway');
    const observe = (upstream: string, replica: string) =>
      client.observe({ upstream, replica, status: 'ECONNREFUSED', durationSeconds: 0.1 });
    observe('ab', 'c');
    observe('a', 'bc');
    observe('a', 'bc');
    expect(await read(registry, 'http_client_request_duration_seconds_count')).toEqual([
      'service=gateway upstream=ab replica=c status=ECONNREFUSED 1',
      'service=gateway upstream=a replica=bc status=ECONNREFUSED 2',
    ]);
  });

  it('survive labels that the text format has to escape', async () => {
    const registry = createRegistry();
    const route = '/a"b\\c\nd';
    registry
      .service('user')
      .http.observe({ method: 'GET', route, status: 200, durationSeconds: 1 });
    const { samples } = parseExposition((await registry.expose()).body);
    const sample = samples.find(
      ({ name }) => name === 'http_server_request_duration_seconds_count',
    );
    expect(sample?.labels['http_route']).toBe('/a\\"b\\\\c\\nd');
  });
});

describe('cache metrics', () => {
  it('begin at 0 when a namespace is first used', async () => {
    const registry = createRegistry();
    const { cache } = registry.service('product');
    cache.hit('product', 'redis');
    expect(await read(registry, 'cache_hits_total')).toEqual([
      'service=product namespace=product level=memory 0',
      'service=product namespace=product level=redis 1',
    ]);
    expect(await read(registry, 'cache_misses_total')).toEqual([
      'service=product namespace=product 0',
    ]);
    expect(await read(registry, 'cache_load_duration_seconds_count')).toEqual(
      ['ok', 'absent', 'error'].map(
        (outcome) => `service=product namespace=product outcome=${outcome} 0`,
      ),
    );
  });

  it('count each event in its place', async () => {
    const registry = createRegistry();
    const { cache } = registry.service('product');
    cache.miss('list');
    cache.stale('list');
    cache.stale('list');
    cache.load('list', 0.2, 'absent');
    cache.error('get');
    expect(await read(registry, 'cache_misses_total')).toEqual([
      'service=product namespace=list 1',
    ]);
    expect(await read(registry, 'cache_stale_total')).toEqual(['service=product namespace=list 2']);
    expect(await read(registry, 'cache_errors_total')).toEqual(['service=product operation=get 1']);
    expect(await read(registry, 'cache_load_duration_seconds_sum')).toContain(
      'service=product namespace=list outcome=absent 0.2',
    );
  });
});

describe('message metrics', () => {
  it('begin at 0 when an exchange or a queue is first used, and count in place', async () => {
    const registry = createRegistry();
    const { messages } = registry.service('logistics');
    messages.published('events', 'failed');
    messages.consumed('reports', 'retried', 3);
    expect(await read(registry, 'message_published_total')).toEqual([
      'service=logistics exchange=events outcome=confirmed 0',
      'service=logistics exchange=events outcome=failed 1',
    ]);
    expect(await read(registry, 'message_handler_duration_seconds_count')).toEqual([
      'service=logistics queue=reports outcome=acknowledged 0',
      'service=logistics queue=reports outcome=retried 1',
      'service=logistics queue=reports outcome=dead-lettered 0',
    ]);
    expect(await read(registry, 'message_redelivered_total')).toEqual([
      'service=logistics queue=reports 0',
    ]);
    messages.redelivered('reports');
    expect(await read(registry, 'message_redelivered_total')).toEqual([
      'service=logistics queue=reports 1',
    ]);
  });

  it('show an exchange and a queue at 0 before their first message', async () => {
    const registry = createRegistry();
    const { messages } = registry.service('logistics');
    messages.declared('events');
    messages.consuming('reports');
    expect(await read(registry, 'message_published_total')).toEqual([
      'service=logistics exchange=events outcome=confirmed 0',
      'service=logistics exchange=events outcome=failed 0',
    ]);
    expect(await read(registry, 'message_queue_age_seconds_count')).toEqual([
      'service=logistics queue=reports 0',
    ]);
  });

  it('take a message from a clock ahead as new', async () => {
    const registry = createRegistry();
    const { messages } = registry.service('logistics');
    messages.queueAge('reports', -2);
    messages.queueAge('reports', 1.5);
    expect(await read(registry, 'message_queue_age_seconds_sum')).toEqual([
      'service=logistics queue=reports 1.5',
    ]);
  });

  it('tell whether the broker is there, once somebody knows', async () => {
    const registry = createRegistry();
    const { messages } = registry.service('logistics');
    expect(await read(registry, 'message_broker_connected')).toEqual([]);
    messages.connected(true);
    expect(await read(registry, 'message_broker_connected')).toEqual(['service=logistics 1']);
    messages.connected(false);
    expect(await read(registry, 'message_broker_connected')).toEqual(['service=logistics 0']);
  });
});

describe('gateway metrics', () => {
  it('begin at 0 when a limiter first decides, and count in place', async () => {
    const registry = createRegistry();
    const { gateway } = registry.service('gateway');
    gateway.rateLimit('default', 'refused');
    gateway.retry('user', 'ECONNREFUSED');
    gateway.reload('done');
    expect(await read(registry, 'gateway_rate_limit_decisions_total')).toEqual([
      'service=gateway limiter=default outcome=passed 0',
      'service=gateway limiter=default outcome=refused 1',
      'service=gateway limiter=default outcome=unchecked 0',
      'service=gateway limiter=default outcome=closed 0',
      'service=gateway limiter=default outcome=passed-locally 0',
      'service=gateway limiter=default outcome=refused-locally 0',
    ]);
    expect(await read(registry, 'gateway_retries_total')).toEqual([
      'service=gateway upstream=user reason=ECONNREFUSED 1',
    ]);
    expect(await read(registry, 'gateway_config_reloads_total')).toEqual([
      'service=gateway outcome=done 1',
      'service=gateway outcome=refused 0',
    ]);
  });

  it('begin at 0 where the values of their labels are known, in gateways only', async () => {
    const registry = createRegistry();
    const { gateway } = registry.service('gateway');
    registry.service('user');
    gateway.decision('/users', 'cache', 'hit');
    const breaker = { known: 1, usable: 1, ejected: 0, inFlight: 0, limit: 9, breaker: undefined };
    gateway.upstreams(() => [{ upstream: 'user', ...breaker }]);
    expect(await read(registry, 'gateway_config_reloads_total')).toEqual([
      'service=gateway outcome=done 0',
      'service=gateway outcome=refused 0',
    ]);
    expect(await read(registry, 'gateway_decisions_total')).toEqual([
      'service=gateway http_route=/users decider=cache outcome=hit 0',
    ]);
    expect(await read(registry, 'gateway_ejections_total')).toEqual([
      'service=gateway upstream=user 0',
    ]);
    expect(await read(registry, 'gateway_upstream_refusals_total')).toHaveLength(3);
    expect(await read(registry, 'gateway_breaker_transitions_total')).toHaveLength(3);
  });

  it('tell the upstreams of the moment', async () => {
    const registry = createRegistry();
    const user = { upstream: 'user', known: 3, usable: 2, ejected: 1, inFlight: 4, limit: 9 };
    let upstreams: UpstreamState[] = [
      { ...user, breaker: 'half-open' },
      { ...user, upstream: 'plain', breaker: undefined },
    ];
    const remove = registry.service('gateway').gateway.upstreams(() => upstreams);
    expect(await read(registry, 'gateway_replicas')).toEqual([
      'service=gateway upstream=user state=known 3',
      'service=gateway upstream=user state=usable 2',
      'service=gateway upstream=user state=ejected 1',
      'service=gateway upstream=plain state=known 3',
      'service=gateway upstream=plain state=usable 2',
      'service=gateway upstream=plain state=ejected 1',
    ]);
    expect(await read(registry, 'gateway_breaker_state')).toEqual([
      'service=gateway upstream=user state=closed 0',
      'service=gateway upstream=user state=half-open 1',
      'service=gateway upstream=user state=open 0',
    ]);
    expect(await read(registry, 'gateway_upstream_in_flight_limit')).toEqual([
      'service=gateway upstream=user 9',
      'service=gateway upstream=plain 9',
    ]);
    upstreams = [];
    expect(await read(registry, 'gateway_replicas')).toEqual([]);
    remove();
  });
});
