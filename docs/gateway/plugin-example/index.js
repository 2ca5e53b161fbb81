// @ts-check
import { problem } from '@woodytoys/gateway/plugin';

/**
 * A filter: the first label of the host names a tenant. Incoming, it tells the upstream which, and
 * refuses those that are not known; outgoing, it tells the client.
 *
 * @type {import('@woodytoys/gateway/plugin').FilterDefinition<{ known: string[], header?: string }>}
 */
export const tenant = {
  name: 'tenant',
  options: {
    type: 'object',
    description: 'Takes the tenant from the first label of the host, and refuses unknown ones.',
    properties: {
      known: {
        type: 'array',
        description: 'The tenants that there are.',
        items: { type: 'string' },
        minItems: 1,
      },
      header: {
        type: 'string',
        description: 'In which header the tenant is told.',
        pattern: '^[a-z-]+$',
        default: 'x-tenant',
      },
    },
    required: ['known'],
    additionalProperties: false,
  },
  // Called once for each route that lists it; the function that it gives, for each request.
  incoming({ known, header = 'x-tenant' }, context) {
    const names = new Set(known);
    const refused = context.decision('tenant', 'refused');
    return (exchange) => {
      const name = tenantOf(exchange);
      if (!names.has(name)) {
        refused();
        throw problem('WT-FORBIDDEN', 'The host names no tenant that is known.');
      }
      exchange.headers.push(header, name);
      return undefined;
    };
  },
  outgoing({ header = 'x-tenant' }) {
    return (exchange, answer) => ({
      ...answer,
      headers: [...answer.headers, header, tenantOf(exchange)],
    });
  },
};

/**
 * An endpoint: sends the client elsewhere, with the query that it came with.
 *
 * @type {import('@woodytoys/gateway/plugin').EndpointDefinition<{ to: string, status?: number }>}
 */
export const redirect = {
  name: 'redirect',
  options: {
    type: 'object',
    description: 'Sends the client to another address.',
    properties: {
      to: { type: 'string', pattern: '^(https?:/)?/', description: 'The address.' },
      status: { enum: [301, 302, 303, 307, 308], default: 308, description: 'How.' },
    },
    required: ['to'],
    additionalProperties: false,
  },
  create({ to, status = 308 }) {
    return (exchange) => ({ status, headers: ['location', to + exchange.query], body: null });
  },
};

/** @param {import('@woodytoys/gateway/plugin').Exchange} exchange */
function tenantOf(exchange) {
  return (exchange.request.headers.host ?? '').split('.')[0]?.toLowerCase() ?? '';
}
