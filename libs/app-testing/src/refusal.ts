import { expect } from 'vitest';
import type { CallOptions, Client } from './client.ts';

/** A problem document, as far as tests of bad input look at it. */
export interface Refusal {
  readonly status: number;
  /** Of the error catalogue, such as `WT-BODY-INVALID`. */
  readonly code: string;
  /** The places of the mistakes, such as `/body/name`. */
  readonly pointers: readonly string[];
}

interface Problem {
  readonly type: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

/** Calls, and expects a problem document. */
export async function refused(
  client: Client,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Refusal> {
  const { status, headers, body } = await client.call<Problem>(method, path, options);
  expect(headers['content-type']).toBe('application/problem+json');
  return {
    status,
    code: body.type.replace('urn:woodytoys:problem:', ''),
    pointers: (body.errors ?? []).map(({ pointer }) => pointer),
  };
}
