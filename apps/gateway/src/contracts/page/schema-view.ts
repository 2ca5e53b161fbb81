import { isObject, objectAt } from '../document.ts';
import type { JsonObject } from '../document.ts';
import { html, prose } from './html.ts';
import type { Html } from './html.ts';

const REFERENCE = '#/components/schemas/';
/** Deeper than anybody reads; what has a name is linked to and not written out. */
const MAX_DEPTH = 12;

/** The id of a named schema's place in the page. */
export function schemaId(name: string): string {
  return `schema-${name}`;
}

/** A schema: its type and limits in a line, its fields in a table below. */
export function schemaView(schema: unknown, depth = 0): Html {
  if (!isObject(schema))
    return html`<span class="type">${schema === false ? 'nothing' : 'anything'}</span>`;
  const fields = Object.entries(objectAt(schema, 'properties'));
  const variants = ['oneOf', 'anyOf', 'allOf'].flatMap((keyword) => {
    const list = schema[keyword];
    return Array.isArray(list) && !list.every(isPlain)
      ? [[keyword, list as unknown[]] as const]
      : [];
  });
  if (depth > MAX_DEPTH) return typeLine(schema);
  const items = schema['items'];
  return html`${typeLine(schema)}${
    fields.length > 0 ? fieldTable(fields, schema['required'], depth) : undefined
  }${variants.map(
    ([keyword, list]) =>
      html`<ul class="variants">
        ${list.map((one) => html`<li><span class="note">${VARIANT_WORDS[keyword]}</span> ${schemaView(one, depth + 1)}</li>`)}
      </ul>`,
  )}${isObject(items) && hasFields(items) ? schemaView(items, depth + 1) : undefined}`;
}

const VARIANT_WORDS: Readonly<Record<string, string>> = {
  oneOf: 'one of',
  anyOf: 'any of',
  allOf: 'and',
};

function fieldTable(
  fields: readonly (readonly [string, unknown])[],
  required: unknown,
  depth: number,
): Html {
  const needed = new Set(Array.isArray(required) ? required : []);
  return html`<div class="scroll">
    <table class="fields">
      ${fields.map(
        ([name, field]) =>
          html`<tr>
            <th scope="row">
              <code>${name}</code
              >${needed.has(name) ? html`<span class="required">required</span>` : undefined}
            </th>
            <td>
              ${schemaView(field, depth + 1)}${isObject(field) ? prose(field['description']) : undefined}
            </td>
          </tr>`,
      )}
    </table>
  </div>`;
}

/** `integer, 1 to 200, default 50`. */
export function typeLine(schema: JsonObject): Html {
  const limits = limitsOf(schema);
  return html`<span class="type">${typeOf(schema)}</span>${
      limits.length > 0 ? html` <span class="limits">${limits.join(', ')}</span>` : undefined
    }`;
}

function typeOf(schema: JsonObject): Html {
  const { $ref: reference, type, items, format } = schema;
  if (typeof reference === 'string' && reference.startsWith(REFERENCE)) {
    const name = reference.slice(REFERENCE.length);
    return html`<a href="#${encodeURIComponent(schemaId(name))}">${name}</a>`;
  }
  if (isObject(items)) return html`list of ${typeOf(items)}`;
  for (const keyword of ['oneOf', 'anyOf']) {
    const list = schema[keyword];
    if (Array.isArray(list) && list.every(isPlain)) {
      return html`${list.map((one, index) => html`${index > 0 ? ' or ' : ''}${typeOf(one as JsonObject)}`)}`;
    }
  }
  const types = Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : '';
  const named = types || impliedType(schema);
  return html`${named}${typeof format === 'string' ? ` (${format})` : ''}`;
}

function impliedType(schema: JsonObject): string {
  if (schema['properties'] !== undefined) return 'object';
  if (schema['const'] !== undefined || schema['enum'] !== undefined) return 'value';
  return ['oneOf', 'anyOf', 'allOf'].some((keyword) => keyword in schema) ? 'composed' : 'anything';
}

function limitsOf(schema: JsonObject): string[] {
  const limits: string[] = [];
  const add = (key: string, say: (value: string) => string) => {
    const value = schema[key];
    if (value === undefined || isObject(value)) return;
    limits.push(say(typeof value === 'string' ? value : JSON.stringify(value)));
  };
  const { enum: values } = schema;
  if (Array.isArray(values))
    limits.push(`one of ${values.map((one) => JSON.stringify(one)).join(', ')}`);
  add('const', (value) => `always ${value}`);
  add('minimum', (value) => `at least ${value}`);
  add('exclusiveMinimum', (value) => `more than ${value}`);
  add('maximum', (value) => `at most ${value}`);
  add('exclusiveMaximum', (value) => `less than ${value}`);
  add('multipleOf', (value) => `a multiple of ${value}`);
  add('minLength', (value) => `at least ${counted(value, 'character')}`);
  add('maxLength', (value) => `at most ${counted(value, 'character')}`);
  add('minItems', (value) => `at least ${counted(value, 'item')}`);
  add('maxItems', (value) => `at most ${counted(value, 'item')}`);
  add('pattern', (value) => `like ${value}`);
  add('default', (value) => `default ${value}`);
  const { examples } = schema;
  if (Array.isArray(examples) && examples.length > 0) {
    limits.push(
      `such as ${examples.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')}`,
    );
  }
  if (schema['additionalProperties'] === false && schema['properties'] !== undefined) {
    limits.push('no other field');
  }
  return limits;
}

function counted(number: string, what: string): string {
  return `${number} ${what}${number === '1' ? '' : 's'}`;
}

/** A schema that one word says. */
function isPlain(schema: unknown): boolean {
  return (
    isObject(schema) &&
    (typeof schema['$ref'] === 'string' || (!hasFields(schema) && 'type' in schema))
  );
}

function hasFields(schema: JsonObject): boolean {
  return (
    schema['properties'] !== undefined ||
    'oneOf' in schema ||
    'anyOf' in schema ||
    'allOf' in schema
  );
}
