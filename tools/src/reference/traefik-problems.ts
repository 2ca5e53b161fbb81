import { ERRORS, type ErrorCode } from '@woodytoys/service';
import { stringify } from 'yaml';

/** What Traefik may answer by itself; what Go's own server refuses never reaches a middleware. */
const answers: readonly { readonly code: ErrorCode; readonly detail: string }[] = [
  { code: 'WT-ROUTE-NOT-FOUND', detail: 'The entry has nothing at this path.' },
  {
    code: 'WT-RATE-LIMITED',
    detail:
      'More requests came from this address than the entry takes; Retry-After says when to come back.',
  },
  { code: 'WT-INTERNAL', detail: 'The entry failed.' },
  { code: 'WT-UPSTREAM-FAILED', detail: 'No gateway could be reached; try again.' },
  { code: 'WT-UNAVAILABLE', detail: 'No gateway is ready; try again.' },
  { code: 'WT-UPSTREAM-TIMEOUT', detail: 'The gateway did not answer in time.' },
];

/** `infra/traefik/dynamic/problems.yml`: the plugin's errors, as the catalogue has them. */
export function traefikProblems(): string {
  const kinds = Object.fromEntries(
    answers.map(({ code, detail }) => {
      const { status, title } = ERRORS[code];
      return [String(status), { code, title, detail }];
    }),
  );
  return [
    '# Written by `npm run generate` from the error catalogue; edit tools/src/reference/traefik-problems.ts.',
    stringify(
      { http: { middlewares: { problems: { plugin: { problems: { kinds } } } } } },
      { singleQuote: true, lineWidth: 0 },
    ),
  ].join('\n');
}
