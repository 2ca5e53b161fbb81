import { fieldErrors } from '@woodytoys/service';
import type { FieldError } from '@woodytoys/service';
import { readContent } from './content.ts';
import type { MediaType } from './content.ts';
import { objectAt } from './document.ts';
import type { ContractDocument } from './document.ts';
import { matchMediaType, mediaTypeOf } from './media-type.ts';
import type { Operation } from './operations.ts';
import { childPointer, locate } from './reference.ts';
import type { Schemas } from './schemas.ts';

/** How an answer is not as its contract has it. */
export interface Drift {
  readonly kind: 'status' | 'content-type' | 'body';
  readonly detail: string;
  readonly errors?: readonly FieldError[];
}

/** An answer as it was sampled. */
export interface SampledAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  /** Undefined when it was too long to keep, or the answer has none by its nature. */
  readonly body: Buffer | undefined;
}

/** Makes a function that finds how an answer drifts from an operation; undefined when it does not. */
export function createAnswerValidator(
  { root }: ContractDocument,
  operation: Operation,
  schemas: Schemas,
): (answer: SampledAnswer) => Drift | undefined {
  const contents = new Map<string, ReadonlyMap<string, MediaType>>();
  for (const status of Object.keys(objectAt(operation.value, 'responses'))) {
    const response = locate(root, childPointer(operation.pointer, 'responses', status));
    if (response === undefined) continue;
    contents.set(status.toUpperCase(), readContent(root, response.pointer, response.value));
  }
  return ({ status, contentType, body }) => {
    const content =
      contents.get(String(status)) ??
      contents.get(`${Math.floor(status / 100)}XX`) ??
      contents.get('DEFAULT');
    if (content === undefined) {
      const known = [...contents.keys()].join(', ');
      return { kind: 'status', detail: `answered ${status}; the contract has ${known || 'none'}` };
    }
    if (content.size === 0 || status === 204 || status === 304) return undefined;
    const type = mediaTypeOf(contentType);
    const media = matchMediaType(content, type);
    if (media === undefined) {
      const known = [...content.keys()].join(', ');
      return {
        kind: 'content-type',
        detail: `answered ${type || 'none'}; the contract has ${known}`,
      };
    }
    if (media.schemaPointer === undefined || body === undefined) return undefined;
    return bodyDrift(body, schemas, media.schemaPointer);
  };
}

function bodyDrift(body: Buffer, schemas: Schemas, schemaPointer: string): Drift | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return { kind: 'body', detail: 'the body is no JSON document' };
  }
  const check = schemas.at(schemaPointer);
  if (check(value)) return undefined;
  const errors = fieldErrors(check.errors, '/body');
  return { kind: 'body', detail: 'the body breaks its schema', errors };
}
