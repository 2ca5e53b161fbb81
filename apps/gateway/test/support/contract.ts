import { join } from 'node:path';
import { temporaryFiles } from './gateway.ts';

/** A contract of a shop, as YAML: enough of everything that calls are checked against. */
export const shopContract = `openapi: 3.1.0
info: { title: Shop, version: 1.0.0 }
tags: [{ name: orders, description: What was ordered. }]
paths:
  /orders:
    get:
      operationId: listOrders
      tags: [orders]
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 200 } }
        - { name: state, in: query, schema: { type: array, items: { enum: [open, sent] } } }
        - name: ids
          in: query
          explode: false
          schema: { type: array, items: { type: integer }, maxItems: 3 }
        - { name: exact, in: query, schema: { type: boolean } }
        - { name: X-Tenant, in: header, required: true, schema: { type: string, pattern: '^t[0-9]+$' } }
      responses:
        '200':
          description: Orders.
          content:
            application/json:
              schema: { type: array, items: { $ref: '#/components/schemas/Order' } }
    post:
      operationId: createOrder
      tags: [orders]
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: '#/components/schemas/Order' }
          text/csv: {}
      responses:
        '201': { description: Made. }
  /orders/{order-id}:
    parameters:
      - { name: order-id, in: path, required: true, schema: { $ref: '#/components/schemas/Id' } }
    get:
      operationId: getOrder
      responses:
        '200':
          description: The order.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/Order' }
    delete:
      operationId: deleteOrder
      x-additional-query: false
      responses:
        '204': { description: Gone. }
  /orders/{order-id}/events:
    parameters:
      - { name: order-id, in: path, required: true, schema: { $ref: '#/components/schemas/Id' } }
    get:
      operationId: watchOrder
      responses:
        '200':
          description: What happens to it.
          content: { text/event-stream: {} }
components:
  schemas:
    Id: { type: integer, minimum: 1 }
    Order:
      type: object
      required: [lines]
      additionalProperties: false
      properties:
        lines:
          type: array
          minItems: 1
          items:
            type: object
            required: [product, quantity]
            properties:
              product: { $ref: '#/components/schemas/Id' }
              quantity: { type: integer, minimum: 1 }
        replaces: { $ref: '#/components/schemas/Order' }
`;

/** The file of a contract that is gone after the test. */
export function contractFile(text: string = shopContract, name = 'openapi.yaml'): string {
  return join(temporaryFiles({ [name]: text }), name);
}

/** An upstream `shop` with this contract, and these routes. */
export function shopGateway(discover: string, routes: string, file = contractFile()): string {
  return `
upstreams:
  shop: { discover: '${discover}', contract: '${file}' }
routes:
${routes}
`;
}
