import { describe, expect, it } from 'vitest';
import { createContractCheck } from '../src/index.ts';
import type { Exchange } from '../src/index.ts';

const contract = `
openapi: 3.1.0
paths:
  /toys/last:
    get:
      responses:
        '200': { content: { application/json: { schema: { type: string } } } }
  /toys/{id}:
    get:
      responses:
        '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Toy' } } } }
        '404': { $ref: '#/components/responses/Problem' }
    delete:
      responses:
        '204': { description: Gone. }
        default: { $ref: '#/components/responses/Problem' }
  /toys/{id}.csv:
    get:
      responses:
        '200': { content: { text/csv: { schema: { type: string } } } }
components:
  responses:
    Problem:
      content:
        application/problem+json:
          schema: { type: object, required: [status] }
  schemas:
    Toy:
      type: object
      required: [name]
      additionalProperties: false
      properties: { name: { $ref: '#/components/schemas/Name' } }
    Name: { type: string, format: email }
`;

describe('the check of answers against a contract', () => {
  const check = createContractCheck(contract);
  const answer = (over: Partial<Exchange>): Exchange => ({
    method: 'GET',
    path: '/toys/7',
    status: 200,
    contentType: 'application/json',
    body: { name: 'a@b.org' },
    ...over,
  });
  const problem = { contentType: 'application/problem+json', body: { status: 404 } };

  it.each<[string, Partial<Exchange>]>([
    ['a body that matches', {}],
    ['a listed problem', { status: 404, ...problem }],
    ['an unlisted problem where there is a default', { method: 'DELETE', status: 409, ...problem }],
    [
      'no body where none is promised',
      { method: 'DELETE', status: 204, contentType: undefined, body: undefined },
    ],
    ['a path without parameters before one with', { path: '/toys/last', body: 'bear' }],
    ['text in another format', { path: '/toys/7.csv', contentType: 'text/csv', body: 'a,b' }],
    ['a problem for a path outside it', { path: '/stones', status: 404, ...problem }],
    ['a problem for a method outside it', { method: 'PATCH', status: 405, ...problem }],
  ])('lets %s pass', (_, over) => {
    expect(() => check(answer(over))).not.toThrow();
  });

  it.each<[string, Partial<Exchange>, RegExp]>([
    ['a missing field', { body: {} }, /name/],
    ['a further field', { body: { name: 'a@b.org', secret: 1 } }, /additional properties/],
    ['a wrong format', { body: { name: 'bear' } }, /email/],
    ['an unlisted status', { status: 500, ...problem }, /500, which the contract does not list/],
    [
      'another content type',
      { contentType: 'text/html', body: '<p>' },
      /promises application\/json/,
    ],
    ['a problem as plain JSON', { status: 404, body: { status: 404 } }, /promises/],
    ['a problem that breaks its schema', { ...problem, status: 404, body: {} }, /status/],
    ['a body where none is promised', { method: 'DELETE', status: 204 }, /has to have none/],
    ['success outside it', { path: '/stones' }, /not in the contract/],
    ['a plain error outside it', { path: '/stones', status: 404 }, /not in the contract/],
  ])('does not let %s pass', (_, over, message) => {
    expect(() => check(answer(over))).toThrow(message);
  });
});
