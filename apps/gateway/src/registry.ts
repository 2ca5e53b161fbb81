import { aggregate } from './endpoints/aggregate.ts';
import { docs } from './endpoints/docs.ts';
import { http } from './endpoints/http.ts';
import { jsonRpc as jsonRpcEndpoint } from './endpoints/json-rpc.ts';
import { openapi } from './endpoints/openapi.ts';
import { publish } from './endpoints/publish.ts';
import { reply } from './endpoints/reply.ts';
import { stream } from './endpoints/stream.ts';
import { authenticate } from './filters/authenticate.ts';
import { authorize } from './filters/authorize.ts';
import { cache } from './filters/cache.ts';
import { compress } from './filters/compress.ts';
import { concurrency } from './filters/concurrency.ts';
import { cors } from './filters/cors.ts';
import { deadline } from './filters/deadline.ts';
import { formToQuery } from './filters/form-to-query.ts';
import { headers } from './filters/headers.ts';
import { idempotency } from './filters/idempotency.ts';
import { ipFilter } from './filters/ip-filter.ts';
import { jsonRpc } from './filters/json-rpc.ts';
import { rateLimit } from './filters/rate-limit.ts';
import { requestSize } from './filters/request-size.ts';
import { respond } from './filters/respond.ts';
import { rewrite } from './filters/rewrite.ts';
import { transform } from './filters/transform.ts';
import { validate } from './filters/validate.ts';
import type { EndpointDefinition, FilterDefinition, Registry } from './plugin.ts';

/**
 * The gateway's own filters and endpoints. Options are checked against each one's schema before
 * `create` sees them, which is what makes the widening to a common type safe.
 */
export function builtInRegistry(): Registry {
  return {
    filters: byName([
      authenticate,
      authorize,
      cache,
      compress,
      concurrency,
      cors,
      deadline,
      formToQuery,
      headers,
      idempotency,
      ipFilter,
      jsonRpc,
      rateLimit,
      requestSize,
      respond,
      rewrite,
      transform,
      validate,
    ] as FilterDefinition[]),
    endpoints: byName([
      http,
      aggregate,
      stream,
      publish,
      reply,
      jsonRpcEndpoint,
      docs,
      openapi,
    ] as EndpointDefinition[]),
  };
}

function byName<Definition extends { readonly name: string }>(
  definitions: readonly Definition[],
): ReadonlyMap<string, Definition> {
  return new Map(definitions.map((definition) => [definition.name, definition]));
}
