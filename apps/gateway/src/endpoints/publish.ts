import { isReservedHeader } from '@woodytoys/messaging';
import type { OutgoingMessage } from '@woodytoys/messaging';
import { newRequestId, readJson } from '@woodytoys/service';
import type { Answer } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { idempotencyKey, scopeOf } from '../filters/idempotency/key.ts';
import { isEncoded, isJson, mediaTypeOf } from '../exchange/media-type.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { brokerMissing, mediaTypeUnsupported } from '../problems.ts';
import { headerTemplates, headerWriters } from '../template/headers.ts';
import { urlWriter } from '../template/places.ts';
import type { Scope } from '../template/placeholder.ts';
import { durationMs, sizeBytes } from '../config/units.ts';
import { createConfirmedPublish } from './publish/confirmed-publish.ts';
import { MessageValues } from './publish/message-values.ts';
import { routingKeyWriter } from './publish/routing-key.ts';

interface PublishOptions {
  readonly exchange: string;
  readonly type?: 'topic' | 'direct' | 'fanout';
  readonly routingKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly location?: string;
  readonly content?: 'json' | 'text';
  readonly mandatory?: boolean;
}

/**
 * Publishes the body as a message, and answers 202 once the broker has confirmed it: from then on it
 * is not lost. Its id comes from the `Idempotency-Key`, so that consumers know a repeat for one.
 */
export const publish: EndpointDefinition<PublishOptions> = {
  name: 'publish',
  options: {
    type: 'object',
    description:
      'Publishes the body to RabbitMQ; 202 after its confirm. Templates are of {path.name}, {query.name}, {headers.name}, {body.member}, {subject}, {requestId} and {message.id}.',
    properties: {
      exchange: {
        type: 'string',
        pattern: '^(?!amq\\.)[^\\u0000]{1,200}$',
        description: 'The exchange; declared when it is not there.',
      },
      type: {
        enum: ['topic', 'direct', 'fanout'],
        description: 'Of the exchange.',
        default: 'topic',
      },
      routingKey: {
        type: 'string',
        description: 'A template. A value cannot have a dot, which would begin another word.',
        default: '',
      },
      headers: {
        ...headerTemplates,
        description:
          'Templates of headers of the message, beside x-request-id, traceparent and x-user-id.',
      },
      location: {
        type: 'string',
        description: 'A template of the Location of the answer: where to ask what became of it.',
      },
      content: {
        enum: ['json', 'text'],
        description: 'What the body must be: JSON (400, 415 or 422 else), or any text.',
        default: 'json',
      },
      mandatory: {
        type: 'boolean',
        description: 'Whether 503 is answered when no queue takes the message.',
        default: true,
      },
    },
    required: ['exchange'],
    additionalProperties: false,
  },
  create(options, { route, template, publisher, log, decision }) {
    const { exchange: name, type = 'topic', content = 'json', mandatory = true } = options;
    const scope: Scope = {
      sources: ['path', 'query', 'headers', 'body', 'subject', 'requestId', 'message'],
      parameters: template.parameters,
    };
    const reserved = Object.keys(options.headers ?? {}).find(isReservedHeader);
    if (reserved !== undefined) throw new TypeError(`the header "${reserved}" is the broker's own`);
    const writeKey = routingKeyWriter(options.routingKey ?? '', scope);
    const writeHeaders = headerWriters(options.headers ?? {}, scope);
    const writeLocation =
      options.location === undefined ? undefined : urlWriter(options.location, scope);
    const maxBodyBytes = sizeBytes(route.maxBody);
    const timeoutMs = durationMs(route.timeout);
    if (publisher === undefined) log.warn({ path: route.path }, 'no broker to publish to is set');
    const send = publisher && createConfirmedPublish(publisher, { name, type });
    const confirmed = decision('publish', 'confirmed');
    const refused = decision('publish', 'refused');

    async function bodyOf(exchange: Exchange): Promise<unknown> {
      const bytes = await exchange.readBody(maxBodyBytes);
      const { headers } = exchange;
      if (isEncoded(headers)) throw mediaTypeUnsupported('a body without content-encoding');
      if (content === 'text') return bytes.toString('utf8');
      if (!isJson(mediaTypeOf(headers))) throw mediaTypeUnsupported('application/json');
      return readJson(bytes);
    }

    return async (exchange): Promise<Answer> => {
      if (send === undefined) throw brokerMissing();
      const key = idempotencyKey(exchange, 'Idempotency-Key');
      const id = key === undefined ? newRequestId() : scopeOf(exchange, route.path, key);
      const body = await bodyOf(exchange);
      const values = new MessageValues(exchange, body, id);
      const headers = tracingHeaders(exchange);
      for (const { name: header, write } of writeHeaders) {
        const value = write(values);
        if (value !== undefined) headers[header] = value;
      }
      const message: OutgoingMessage = {
        id,
        exchange: name,
        routingKey: writeKey(values),
        body,
        headers,
        mandatory,
      };
      const location = writeLocation?.(values);
      try {
        await send(message, exchange.timeLeft(timeoutMs));
      } catch (error) {
        refused();
        throw error;
      }
      confirmed();
      return {
        status: 202,
        headers: [
          'content-type',
          'application/json',
          ...(location === undefined ? [] : ['location', location]),
        ],
        body: JSON.stringify({ id }),
      };
    };
  },
};

function tracingHeaders({ requestId, trace, subject }: Exchange): Record<string, string> {
  return {
    'x-request-id': requestId,
    traceparent: trace.traceparent,
    ...(subject !== undefined && { 'x-user-id': subject }),
  };
}
