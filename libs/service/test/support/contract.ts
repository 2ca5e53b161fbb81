/** A small contract with every kind of operation that the library serves. */
export const CONTRACT = `
openapi: 3.1.0
info: { title: Test, version: '1' }
paths:
  /users:
    get:
      operationId: listUsers
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 200, default: 50 } }
        - { name: cursor, in: query, schema: { type: string } }
        - { name: after, in: query, schema: { type: integer } }
        - { name: exact, in: query, schema: { type: boolean } }
        - { name: below, in: query, schema: { type: number } }
        - { name: sort, in: query, schema: { type: string, enum: [name, price] } }
      responses:
        '200':
          description: ok
          content: { application/json: { schema: { type: object } } }
    post:
      operationId: createUser
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: '#/components/schemas/NewUser' } } }
      responses:
        '201':
          description: ok
          content: { application/json: { schema: { type: object } } }
  /users/{id}:
    parameters:
      - $ref: '#/components/parameters/Id'
    get:
      operationId: getUser
      responses:
        '200':
          description: ok
          content: { application/json: { schema: { type: object } } }
    patch:
      operationId: touchUser
      requestBody:
        content: { application/json: { schema: { type: object } } }
      responses: { '200': { description: ok } }
    delete:
      operationId: deleteUser
      responses: { '204': { description: gone } }
  /reports/consolidated:
    get:
      operationId: getConsolidated
      responses: { '200': { description: ok } }
  /reports/{id}:
    get:
      operationId: getReport
      parameters: [{ name: id, in: path, required: true, schema: { type: string, format: uuid } }]
      responses: { '200': { description: ok } }
  /reports/{id}.csv:
    get:
      operationId: getReportCsv
      parameters: [{ name: id, in: path, required: true, schema: { type: string, format: uuid } }]
      responses: { '200': { description: ok, content: { text/csv: { schema: { type: string } } } } }
  /reports/{id}/events:
    get:
      operationId: followReport
      parameters: [{ name: id, in: path, required: true, schema: { type: string, format: uuid } }]
      responses: { '200': { description: ok, content: { text/event-stream: { schema: { type: string } } } } }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { $ref: '#/components/schemas/Id' } }
  schemas:
    Id: { type: integer, minimum: 1, maximum: 2147483647 }
    NewUser:
      type: object
      additionalProperties: false
      required: [name, email]
      properties:
        name: { type: string, minLength: 1, maxLength: 20 }
        email: { type: string, format: email }
        role: { type: string, enum: [staff, guest], default: guest }
        tags: { type: array, maxItems: 3, items: { $ref: '#/components/schemas/Tag' } }
        address:
          type: object
          required: [city]
          properties: { city: { type: string }, 'a/b~c': { type: integer } }
        notes: {}
    Tag: { type: string, minLength: 1 }
`;

export const REPORT_ID = '019a0000-0000-7000-8000-000000000000';
