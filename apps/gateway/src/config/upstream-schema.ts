import { DURATION_PATTERN } from './units.ts';
import type { UpstreamConfig } from './upstream-config.ts';

export const duration = (description: string, fallback: string) => ({
  type: 'string',
  pattern: DURATION_PATTERN,
  description: `${description} Written as 800ms, 30s, 1m or 2h.`,
  default: fallback,
});

const integer = (description: string, fallback: number, maximum = 1_000_000) => ({
  type: 'integer',
  minimum: 1,
  maximum,
  description,
  default: fallback,
});

const percent = (description: string, fallback: number) => ({
  type: 'number',
  exclusiveMinimum: 0,
  maximum: 100,
  description,
  default: fallback,
});

const port = (description: string) => ({
  type: 'integer',
  minimum: 1,
  maximum: 65_535,
  description,
});

const HEADER_NAME = { type: 'string', pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" };

/** Options that belong together; `optional` ones are off unless written, as `true` or with options. */
interface Group {
  readonly description: string;
  readonly properties: Record<string, object>;
  readonly optional: boolean;
}

const GROUPS: Readonly<Record<string, Group>> = {
  probe: {
    description: 'How replicas are asked whether they are ready.',
    optional: false,
    properties: {
      port: port("Of the replica's host; the replica's own port unless given."),
      protocol: {
        enum: ['http', 'https'],
        description: "The replica's own on its own port, else http, unless given.",
      },
      path: { type: 'string', pattern: '^/', description: '200 is ready.', default: '/readyz' },
      interval: duration('How often.', '500ms'),
      timeout: duration('How long an answer may take.', '1s'),
      static: {
        type: 'boolean',
        description:
          'Replicas found by DNS are always probed, those of a static list when this is true.',
        default: false,
      },
    },
  },
  retry: {
    description:
      'When a request that a replica has seen is sent again. One that no replica took goes to another one in any case.',
    optional: false,
    properties: {
      on: {
        type: 'array',
        items: { enum: ['connection', 502, 503, 504] },
        uniqueItems: true,
        description: 'connection: it ended before an answer; else the status of the answer.',
        default: ['connection'],
      },
      methods: {
        type: 'array',
        items: { enum: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'] },
        uniqueItems: true,
        description: 'Idempotent ones only; a body that is streamed is never sent again.',
        default: ['GET', 'HEAD'],
      },
      times: integer('How often at most.', 1, 10),
      budgetPercent: {
        type: 'number',
        minimum: 0,
        maximum: 100,
        description: 'At most so many retries for a hundred requests of the last 10 s …',
        default: 20,
      },
      budgetPerSecond: {
        type: 'number',
        minimum: 0,
        maximum: 100_000,
        description: '… and so many a second on top.',
        default: 10,
      },
    },
  },
  eject: {
    description:
      'Takes a replica out that fails several requests in a row: 5xx, no answer or a late one.',
    optional: true,
    properties: {
      failures: integer('How many in a row.', 5),
      base: duration('For how long the first time; twice as long each further time.', '5s'),
      max: duration(
        'For how long at most; so long without a failure makes the next one the first.',
        '5m',
      ),
      maxPercent: percent('At most so many of a hundred replicas are out at once.', 50),
    },
  },
  breaker: {
    description:
      'Stops asking an upstream that fails (5xx, no answer or a late one): 503 at once, then a few requests to find out.',
    optional: true,
    properties: {
      window: duration('How far back requests are counted.', '10s'),
      minRequests: integer('With fewer requests in the window it stays closed.', 20),
      failurePercent: percent('It opens when so many of a hundred requests failed.', 50),
      open: duration('How long nothing is sent.', '5s'),
      probes: integer('So many requests pass then; it closes when all of them succeed.', 3, 1000),
    },
  },
  adaptive: {
    description:
      'Finds how many requests in flight the upstream answers without a queue, and refuses more: 503 at once. For upstreams whose answers take about alike.',
    optional: true,
    properties: {
      initial: integer('The limit at the start.', 20),
      min: integer(
        'The lowest limit. Latency without a queue is measured with as many in flight, or with a twentieth of the limit.',
        1,
      ),
      tolerance: {
        type: 'number',
        minimum: 1,
        maximum: 10,
        description: 'How many times its latency without a queue it may take.',
        default: 1.5,
      },
    },
  },
};

/** What an upstream has beside its replicas, and what `defaults` may have for all of them. */
export function upstreamProperties(): Record<string, object> {
  const groups = Object.entries(GROUPS).map(([name, { description, properties, optional }]) => [
    name,
    {
      type: optional ? ['object', 'boolean'] : 'object',
      description: optional
        ? `${description} Off unless written; true takes the defaults.`
        : description,
      properties,
      additionalProperties: false,
    },
  ]);
  return {
    connections: integer(
      'The most connections to one replica; more requests wait for one.',
      256,
      65_535,
    ),
    connectTimeout: duration('How long a connection may take.', '500ms'),
    keepAlive: duration(
      'How long an unused connection is kept: less than the replica keeps it, and than it drains.',
      '2s',
    ),
    maxInFlight: integer(
      'The most requests in flight to the upstream, streams not counted; 503 at once past it.',
      1024,
    ),
    balance: {
      description:
        'roundRobin: in turn. p2c: the one of two by chance that has fewer requests in flight. hash: requests with the same value of a header to the same replica, few of which move when a replica comes or goes.',
      type: ['string', 'object'],
      if: { type: 'string' },
      then: { enum: ['roundRobin', 'p2c'] },
      else: {
        properties: { hash: { ...HEADER_NAME, description: 'The header.' } },
        required: ['hash'],
        additionalProperties: false,
      },
      default: 'roundRobin',
    },
    tls: {
      type: 'object',
      description:
        "How HTTPS to the upstream is made safe; with dns, that it is HTTPS. Files are PEM, named relative to the configuration's folder, and read anew at a reload.",
      properties: {
        ca: {
          type: 'string',
          description:
            "Who signs the upstream's certificate; the system's authorities unless given.",
        },
        cert: {
          type: 'string',
          description: "The gateway's own certificate, where the upstream asks for one.",
        },
        key: { type: 'string', description: 'Its private key.' },
        servername: {
          type: 'string',
          description: 'The name asked for (SNI) and checked; that of `discover` unless given.',
        },
      },
      additionalProperties: false,
    },
    ...Object.fromEntries(groups),
  };
}

/** An upstream whole: replicas, or a split among other upstreams. */
export function upstreamSchema(): object {
  return {
    type: 'object',
    properties: {
      discover: {
        type: 'string',
        description:
          'Where its replicas are: dns://name:port, dns+srv://_http._tcp.name, or http://host:port or https://host:port, several separated by commas.',
      },
      contract: {
        type: 'string',
        minLength: 1,
        description:
          'Its OpenAPI 3.1 file, YAML or JSON, relative to this one: the source of its operations.',
      },
      split: {
        type: 'object',
        description:
          'Instead of replicas: other upstreams by their weight, such as { product: 95, product-next: 5 }.',
        propertyNames: { pattern: '^[a-z][a-z0-9-]{0,62}$' },
        additionalProperties: { type: 'number', minimum: 0, maximum: 1_000_000 },
        minProperties: 1,
      },
      splitBy: {
        ...HEADER_NAME,
        description: 'A header: requests with the same value of it go the same way.',
      },
      mirror: {
        type: 'object',
        description:
          'Another upstream that gets a copy of the requests; its answers are thrown away. Streamed bodies are not copied.',
        properties: {
          upstream: { type: 'string', description: 'A name under `upstreams`.' },
          percent: percent('How many of a hundred requests, by chance.', 100),
        },
        required: ['upstream'],
        additionalProperties: false,
      },
      ...upstreamProperties(),
    },
    if: { properties: { split: true }, required: ['split'] },
    else: { properties: { discover: true }, required: ['discover'] },
    additionalProperties: false,
  };
}

type Options = Readonly<Record<string, unknown>>;

/** An upstream as written, with the defaults of the configuration and then those of the schema. */
export function withUpstreamDefaults(upstream: Options, defaults: Options = {}): UpstreamConfig {
  // What it splits to has its own.
  if (upstream['split'] !== undefined) return upstream as unknown as UpstreamConfig;
  const groups = Object.entries(GROUPS).map(([name, { properties, optional }]) => {
    const [own, common] = [upstream[name], defaults[name]];
    const off = own === false || (own === undefined && !common);
    if (optional && off) return [name, false];
    return [name, { ...defaultsOf(properties), ...(common as object), ...(own as object) }];
  });
  return {
    ...defaultsOf(upstreamProperties()),
    ...defaults,
    ...upstream,
    ...Object.fromEntries(groups),
  } as unknown as UpstreamConfig;
}

export function defaultsOf(properties: Record<string, object>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      'default' in schema ? [[name, schema.default]] : [],
    ),
  );
}
