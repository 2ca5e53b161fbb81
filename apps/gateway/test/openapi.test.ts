import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { contractFile, shopContract } from './support/contract.ts';
import { startGateway } from './support/gateway.ts';

interface Merged {
  readonly openapi: string;
  readonly info: object;
  readonly servers: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, MergedOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface MergedOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string }[];
}

const tillContract = `openapi: 3.1.0
info: { title: Till, version: 2.0.0 }
servers: [{ url: https://till.internal }]
security: [{ key: [] }]
paths:
  /orders/{number}:
    get:
      operationId: getOrder
      parameters:
        - { name: number, in: path, required: true, schema: { type: string } }
      responses:
        '200': { $ref: '#/components/responses/Order' }
    delete:
      operationId: voidOrder
      security: []
      parameters:
        - { name: number, in: path, required: true, schema: { type: string } }
      responses: { '204': { description: <script>alert(1)</script> } }
  /hidden:
    get: { operationId: hidden, responses: { '200': { $ref: '#/components/responses/Hidden' } } }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: x-key }
  responses:
    Order:
      description: '"><img src=x onerror=alert(2)>'
      content: { application/json: { schema: { $ref: '#/components/schemas/Order' } } }
    Hidden: { description: Not exposed. }
  schemas:
    Order:
      type: object
      properties:
        default: { $ref: '#/components/schemas/Money' }
        '</td><script>alert(3)</script>': { type: string, enum: ['<b>'], default: { $ref: untouched } }
        next: { $ref: '#/components/schemas/Order' }
      discriminator: { propertyName: kind, mapping: { a: '#/components/schemas/Money' } }
    Money: { type: number }
`;

async function startBoth() {
  const backend = await startBackend();
  return startGateway(`
upstreams:
  shop: { discover: '${backend.url}', contract: '${contractFile(shopContract)}' }
  till: { discover: '${backend.url}', contract: '${contractFile(tillContract)}' }
  bare: { discover: '${backend.url}' }
routes:
  - contract: { upstream: shop, prefix: /api }
  - path: /till/{id}
    methods: [GET]
    endpoint: { http: { upstream: till, path: '/orders/{id}' } }
  - path: /void/{id}
    methods: [DELETE]
    endpoint: { http: { upstream: till, path: '/orders/{id}' } }
  - path: /till/*
    methods: [GET]
    endpoint: { http: { upstream: till, path: '/*' } }
  - path: /french
    methods: [GET]
    outgoing: [{ respond: { json: { commande: '{answer.id}' } } }]
    endpoint: { http: { upstream: till, path: /orders/1 } }
  - path: /bare
    methods: [GET]
    endpoint: { http: { upstream: bare } }
  - path: /openapi.json
    methods: [GET]
    endpoint: { openapi: { title: Both, version: 3.2.1, servers: [https://example.com] } }
  - path: /docs
    methods: [GET]
    endpoint: { docs: { title: Both <em>, openapi: /openapi.json } }
`);
}

describe('the merged contract', () => {
  it('has every operation that a route leads to, and no other', async () => {
    const { url } = await startBoth();
    const response = await fetch(`${url}/openapi.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    const merged = (await response.json()) as Merged;
    expect(merged).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Both', version: '3.2.1' },
      servers: [{ url: 'https://example.com' }],
    });
    const operations = Object.entries(merged.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    expect(operations).toEqual(
      [
        'get /api/orders listOrders',
        'post /api/orders createOrder',
        'get /api/orders/{order_id} shop.getOrder',
        'delete /api/orders/{order_id} deleteOrder',
        'get /api/orders/{order_id}/events watchOrder',
        'get /till/{number} till.getOrder',
        'delete /void/{number} voidOrder',
      ].map((line) => line.replaceAll('order_id', 'order-id')),
    );
    expect(merged.tags).toEqual([
      { name: 'orders', description: 'What was ordered.' },
      { name: 'shop' },
      { name: 'till' },
    ]);
  });

  it('keeps components of the same name apart, and every reference leads to one', async () => {
    const { url } = await startBoth();
    const merged = (await (await fetch(`${url}/openapi.json`)).json()) as Merged;
    expect(Object.keys(merged.components['schemas'] ?? {}).sort()).toEqual([
      ...['shop.Id', 'shop.Order', 'till.Money', 'till.Order'],
    ]);
    expect(merged.components['responses']).toEqual({ 'till.Order': expect.anything() });
    expect(merged.components['schemas']?.['till.Order']).toMatchObject({
      properties: {
        default: { $ref: '#/components/schemas/till.Money' },
        '</td><script>alert(3)</script>': { default: { $ref: 'untouched' } },
      },
      discriminator: { mapping: { a: '#/components/schemas/till.Money' } },
    });
    const references = [
      ...JSON.stringify(merged).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g),
    ];
    expect(references.length).toBeGreaterThan(5);
    for (const [, kind = '', name = ''] of references) {
      expect(merged.components[kind]).toHaveProperty([name]);
    }
  });

  it('has parameters of the path item, and the security of each contract by its own name', async () => {
    const { url } = await startBoth();
    const merged = (await (await fetch(`${url}/openapi.json`)).json()) as Merged;
    expect(merged.paths['/api/orders/{order-id}']?.['get']?.parameters).toEqual([
      expect.objectContaining({
        name: 'order-id',
        schema: { $ref: '#/components/schemas/shop.Id' },
      }),
    ]);
    expect(merged.paths['/till/{number}']?.['get']?.security).toEqual([{ 'till.key': [] }]);
    expect(merged.paths['/void/{number}']?.['delete']?.security).toEqual([]);
    expect(merged.paths['/api/orders']?.['get']?.security).toBeUndefined();
    expect(merged.components['securitySchemes']).toEqual({
      'till.key': { type: 'apiKey', in: 'header', name: 'x-key' },
    });
  });

  it('asks for a bearer token where the gateway does', async () => {
    const { url } = await startGateway(`
upstreams:
  till: { discover: 'http://127.0.0.1:1', contract: '${contractFile(tillContract)}' }
routes:
  - contract: { upstream: till }
    incoming: [authenticate: { issuer: a, audience: b, jwks: 'http://127.0.0.1:1/keys' }]
  - path: /openapi.json
    methods: [GET]
    endpoint: { openapi: {} }
`);
    const merged = (await (await fetch(`${url}/openapi.json`)).json()) as Merged;
    expect(merged.paths['/hidden']?.['get']?.security).toEqual([{ bearer: [] }]);
    expect(merged.components['securitySchemes']).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
  });

  it('has what is aggregated, made of what the contracts say of its parts', async () => {
    const { url } = await startGateway(`
upstreams:
  shop: { discover: 'http://127.0.0.1:1', contract: '${contractFile(shopContract)}' }
  till: { discover: 'http://127.0.0.1:1', contract: '${contractFile(tillContract)}' }
routes:
  - path: /both/{a}/{b}
    methods: [GET]
    endpoint:
      aggregate:
        order: { upstream: shop, path: '/orders/{a}', required: true }
        receipt: { upstream: till, path: '/orders/{b}' }
        line: { upstream: shop, path: '/orders/{a}', pick: /lines/0 }
  - path: /unknown/{a}
    methods: [GET]
    endpoint: { aggregate: { order: { upstream: shop, path: '/none/{a}' } } }
  - path: /openapi.json
    methods: [GET]
    endpoint: { openapi: {} }
`);
    const merged = (await (await fetch(`${url}/openapi.json`)).json()) as Merged;
    expect(Object.keys(merged.paths)).toEqual(['/both/{a}/{b}']);
    expect(merged.paths['/both/{a}/{b}']?.['get']).toMatchObject({
      operationId: 'get_both_a_b',
      parameters: [
        { name: 'a', in: 'path', required: true, schema: { $ref: '#/components/schemas/shop.Id' } },
        { name: 'b', in: 'path', required: true, schema: { type: 'string' } },
      ],
      responses: {
        200: {
          headers: { 'X-Complete': expect.anything() as object },
          content: {
            'application/json': {
              schema: {
                required: ['order', 'receipt', 'line'],
                properties: {
                  order: { $ref: '#/components/schemas/shop.Order' },
                  receipt: {
                    anyOf: [{ $ref: '#/components/schemas/till.Order' }, { type: 'null' }],
                  },
                  line: { anyOf: [{}, { type: 'null' }] },
                  incomplete: { items: { enum: ['order', 'receipt', 'line'] } },
                },
              },
            },
          },
        },
      },
    });
    expect(Object.keys(merged.components['schemas'] ?? {})).toContain('till.Order');
  });

  it('is sent once to who keeps it', async () => {
    const { url } = await startBoth();
    const etag = (await fetch(`${url}/openapi.json`)).headers.get('etag') as string;
    const again = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    const other = await fetch(`${url}/openapi.json`, { headers: { 'if-none-match': '"x"' } });
    expect(other.status).toBe(200);
  });
});

describe('the page of the merged contract', () => {
  it('shows every operation with its parameters, body and answers', async () => {
    const { url } = await startBoth();
    const response = await fetch(`${url}/docs`);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await response.text();
    for (const id of ['listOrders', 'createOrder', 'shop.getOrder', 'till.getOrder', 'voidOrder']) {
      expect(page).toContain(`id="operation-${id}"`);
      expect(page).toContain(`href="#operation-${id}"`);
    }
    expect(page).toContain('/api/orders/{order-id}');
    expect(page).toContain('at most 200');
    expect(page).toContain('href="#schema-shop.Order"');
    expect(page).toContain('id="schema-shop.Order"');
    expect(page).toContain('href="/openapi.json"');
    expect(page).not.toContain('/hidden');
  });

  it('runs and loads nothing, whatever a contract says', async () => {
    const { url } = await startBoth();
    const response = await fetch(`${url}/docs`);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'/);
    const page = await response.text();
    const style = /<style>([^]*)<\/style>/.exec(page)?.[1] as string;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(policy).toContain(`style-src 'sha256-${hash}';`);
    expect(page).not.toMatch(/<script|<img|<link|<iframe|onerror=(?!alert\(2\)&gt;)|<em>|<b>/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(2)&gt;');
    expect(page).toContain('&lt;/td&gt;&lt;script&gt;alert(3)&lt;/script&gt;');
    expect(page).toContain('Both &lt;em&gt;');
  });
});
