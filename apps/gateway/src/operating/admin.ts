import type { PrivateRoutes } from '@woodytoys/service';
import type { BuiltRoute } from '../routing/build.ts';
import type { RouteConfig } from '../config/types.ts';
import type { LiveTable } from '../routing/live-table.ts';
import { filterName } from '../plugin.ts';
import type { RecentFailures } from './recent-failures.ts';
import type { UpstreamDescription } from '../upstreams/upstream.ts';

/** Filters whose options tell what is let through; none of those is a secret. */
const LIMITS = ['rateLimit', 'concurrency', 'requestSize', 'deadline'];

/**
 * What operators may see on the private port: the last failures, and of the table in use names,
 * addresses, times and states. Options of filters and endpoints are left out but for limits, since they may hold secrets.
 */
export function createAdminRoutes(live: LiveTable, failures: RecentFailures): PrivateRoutes {
  return {
    '/gateway/errors': () => ({ errors: failures.list() }),
    '/gateway/routes': () => ({ routes: live.routes.map(describeRoute) }),
    '/gateway/upstreams': () => ({ upstreams: described(live).map(withoutUserinfo) }),
    '/gateway/breakers': () => ({
      breakers: replicated(live).map(({ name, breaker }) => ({ upstream: name, breaker })),
    }),
    '/gateway/contracts': () => ({
      contracts: [...live.contracts].map(([upstream, { operations, schemas }]) => ({
        upstream,
        operations: operations.size,
        // Each is compiled when the first call needs it.
        validators: schemas.compiled,
      })),
    }),
    '/gateway/limits': () => ({
      upstreams: replicated(live).map(({ name, limit, retryBudget }) => ({
        upstream: name,
        limit,
        retryBudget,
      })),
      routes: live.routes.flatMap(limitsOf),
    }),
  };
}

function described({ upstreams }: LiveTable): UpstreamDescription[] {
  return upstreams.map((upstream) => upstream.describe());
}

function replicated(live: LiveTable) {
  return described(live).filter((one) => one.kind === 'replicas');
}

/** An address may have been written with a name and a password in it. */
function withoutUserinfo(upstream: UpstreamDescription): UpstreamDescription {
  if (upstream.kind !== 'replicas') return upstream;
  return { ...upstream, discover: upstream.discover.replaceAll(/\/\/[^/,@]*@/g, '//') };
}

function describeRoute({ config, upstreams }: BuiltRoute) {
  return {
    ...placeOf(config),
    operation: config.operation ?? null,
    timeout: config.timeout,
    idleTimeout: config.idleTimeout,
    maxBody: config.maxBody,
    incoming: config.incoming.map(filterName),
    outgoing: config.outgoing.map(filterName),
    endpoint: filterName(config.endpoint),
    upstreams,
  };
}

function limitsOf({ config }: BuiltRoute) {
  const limits = config.incoming.flatMap((filter) => {
    const name = filterName(filter);
    if (!LIMITS.includes(name)) return [];
    return [{ filter: name, options: typeof filter === 'string' ? {} : filter[name] }];
  });
  return limits.length === 0 ? [] : [{ ...placeOf(config), limits }];
}

function placeOf({ host, path, methods }: RouteConfig) {
  return { host: host ?? null, path, methods };
}
