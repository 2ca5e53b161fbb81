import { mergeContracts } from '../contracts/merged/merge.ts';
import { contractPage } from '../contracts/page/page.ts';
import { styleSource } from '../contracts/page/style.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { createDocument } from './openapi/document.ts';
import { infoOf, infoSchema } from './openapi/info.ts';
import type { InfoOptions } from './openapi/info.ts';

interface DocsOptions extends InfoOptions {
  readonly openapi?: string;
}

/** Whatever a contract holds, the page loads nothing and runs nothing. */
function policy(): string {
  return [
    "default-src 'none'",
    `style-src '${styleSource()}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Serves the merged contract as a page to read. */
export const docs: EndpointDefinition<DocsOptions> = {
  name: 'docs',
  options: {
    type: 'object',
    description: 'Serves the merged contract of all operations that routes lead to, as a page.',
    properties: {
      ...infoSchema,
      openapi: {
        type: 'string',
        pattern: '^/',
        description: 'The path at which the same contract is served as JSON, for a link to it.',
      },
    },
    additionalProperties: false,
  },
  create: ({ openapi, ...options }, { exposed }) =>
    createDocument(
      [
        ...['content-type', 'text/html; charset=utf-8', 'content-security-policy', policy()],
        ...['x-content-type-options', 'nosniff', 'referrer-policy', 'no-referrer'],
      ],
      () => contractPage(mergeContracts(exposed(), infoOf(options)), openapi),
    ),
};
