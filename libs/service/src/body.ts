import type { IncomingMessage, ServerResponse } from 'node:http';
import { raw } from 'express';
import { bodyInvalid, contentTypeUnsupported } from './bad-input.ts';
import { problem } from './errors.ts';
import type { FieldError, ProblemError } from './errors.ts';
import { escapePointer } from './json-pointer.ts';

/** Deeper than any schema of ours; below what recursive code downstream can take. */
const MAX_DEPTH = 100;

/** Reads the JSON body of a request, of a type that `jsonTypeOf` has let pass. */
export type BodyReader = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/**
 * Makes a reader of JSON bodies of at most `maxBytes`, after decompression.
 * It rejects with 400 for what is no JSON or nested more than 100 levels, 413, 415, and 422 for
 * texts that PostgreSQL cannot keep (NUL) and for the key `__proto__`.
 */
export function createBodyReader(maxBytes: number): BodyReader {
  const readBytes = raw({ limit: maxBytes, type: () => true });
  return async (request, response) => {
    const bytes = await new Promise<unknown>((done, fail) => {
      readBytes(request as never, response as never, (error?: unknown) => {
        if (error === undefined) done((request as { body?: unknown }).body);
        else fail(bodyProblem(error, maxBytes));
      });
    });
    return readJson(bytes);
  };
}

/**
 * The JSON document that a body is.
 * @throws ProblemError 400 for what is no JSON or nested more than 100 levels, 422 for a NUL
 * character and for the key `__proto__`.
 */
export function readJson(bytes: unknown): unknown {
  const value = parseJson(bytes);
  const errors = unsafeParts(value);
  if (errors.length > 0) throw bodyInvalid(errors);
  return value;
}

/** Whether a body comes with the request, as RFC 9112 section 6 has it. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * The type of a body by its `Content-Type`, one of `supported`.
 * @throws ProblemError 415 for another type, and for another charset than UTF-8.
 */
export function jsonTypeOf(contentType = '', supported: readonly string[]): string {
  const [given = '', ...parameters] = contentType.toLowerCase().split(';');
  const type = given.trim();
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  if (!supported.includes(type)) throw contentTypeUnsupported(given, supported);
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) {
    throw problem('WT-MEDIA-TYPE-UNSUPPORTED', 'The body has another charset; send UTF-8.');
  }
  return type;
}

/** body-parser's error as one of ours. */
function bodyProblem(error: unknown, maxBytes: number): ProblemError {
  const { type, status } = error as { type?: string; status?: number };
  if (status === 413) {
    return problem('WT-BODY-TOO-LARGE', `The body is over ${maxBytes} bytes; send less.`);
  }
  if (status === 415) {
    return problem(
      'WT-MEDIA-TYPE-UNSUPPORTED',
      'The body has an unknown content encoding; send it plain, or as gzip, deflate or br.',
    );
  }
  if (status !== undefined && status < 500) {
    return problem('WT-BODY-MALFORMED', 'The body cannot be read to its end.', {
      cause: new Error(type, { cause: error }),
    });
  }
  return problem('WT-INTERNAL', undefined, { cause: error });
}

function parseJson(bytes: unknown): unknown {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    throw problem('WT-BODY-MALFORMED', 'The body is empty; send a JSON document.');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw problem(
      'WT-BODY-MALFORMED',
      `The body is no JSON document in UTF-8: ${(error as Error).message.slice(0, 200)}`,
    );
  }
}

function unsafeParts(root: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const check = (value: unknown, pointer: string, depth: number): void => {
    if (depth > MAX_DEPTH) {
      throw problem('WT-BODY-MALFORMED', `The body is nested more than ${MAX_DEPTH} levels.`);
    }
    if (typeof value === 'string' && value.includes('\0')) {
      errors.push({ pointer, detail: 'must not hold a NUL character' });
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (key === '__proto__') errors.push({ pointer: at, detail: 'is not a known field' });
      else if (key.includes('\0'))
        errors.push({ pointer, detail: 'has a key with a NUL character' });
      else check(inner, at, depth + 1);
    }
  };
  check(root, '/body', 0);
  return errors.slice(0, 20);
}
