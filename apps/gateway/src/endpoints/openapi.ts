import { mergeContracts } from '../contracts/merged/merge.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { createDocument } from './openapi/document.ts';
import { infoOf, infoSchema } from './openapi/info.ts';
import type { InfoOptions } from './openapi/info.ts';

/** Serves one OpenAPI document of all operations that routes lead to. */
export const openapi: EndpointDefinition<InfoOptions> = {
  name: 'openapi',
  options: {
    type: 'object',
    description: 'Serves the merged contract of all operations that routes lead to, as JSON.',
    properties: infoSchema,
    additionalProperties: false,
  },
  create: (options, { exposed }) =>
    createDocument(['content-type', 'application/json', 'x-content-type-options', 'nosniff'], () =>
      JSON.stringify(mergeContracts(exposed(), infoOf(options))),
    ),
};
