import { problem } from './errors.ts';
import type { FieldError, ProblemError } from './errors.ts';

const CORRECT = 'Correct what errors points to, and send the request again.';

/** 400: parameters that are not as the contract has them. */
export function parametersInvalid(errors: readonly FieldError[]): ProblemError {
  return problem('WT-PARAMETER-INVALID', CORRECT, { errors });
}

/** 422: a body that can be read and breaks its schema. */
export function bodyInvalid(errors: readonly FieldError[]): ProblemError {
  return problem('WT-BODY-INVALID', CORRECT, { errors });
}

/** 415: `given` is the body's content type, empty for none; `supported` is what can be sent. */
export function contentTypeUnsupported(given: string, supported: readonly string[]): ProblemError {
  return problem(
    'WT-MEDIA-TYPE-UNSUPPORTED',
    `The body has ${given === '' ? 'no content type' : 'another content type'}; send ${supported.join(' or ')}.`,
    { headers: { accept: supported.join(', ') } },
  );
}
