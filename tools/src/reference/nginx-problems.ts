import { ERRORS, type ErrorCode } from '@woodytoys/service';

interface NginxAnswer {
  /** nginx's own statuses. */
  readonly from: string;
  readonly code: ErrorCode;
  readonly detail: string;
  /** Further headers; 5xx that may pass have their own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What nginx may answer by itself. */
const answers: readonly NginxAnswer[] = [
  {
    from: '400 495 496 497',
    code: 'WT-REQUEST-UNREADABLE',
    detail: 'It breaks the rules of HTTP.',
  },
  // A folder is 403 to nginx; what is no file is not there.
  { from: '403 404', code: 'WT-ROUTE-NOT-FOUND', detail: 'The entry has nothing at this path.' },
  {
    from: '405',
    code: 'WT-METHOD-NOT-ALLOWED',
    detail: 'The entry takes other methods at this path; Allow names them.',
    headers: { Allow: '"$allowed_methods"' },
  },
  { from: '408', code: 'WT-REQUEST-TIMEOUT', detail: 'It did not arrive in time.' },
  { from: '413', code: 'WT-BODY-TOO-LARGE', detail: 'The entry takes 1 MB at most.' },
  { from: '414', code: 'WT-URI-TOO-LONG', detail: 'The entry takes 16 kB at most.' },
  { from: '431 494', code: 'WT-HEADERS-TOO-LARGE', detail: 'The entry takes 16 kB a header.' },
  {
    from: '429',
    code: 'WT-RATE-LIMITED',
    detail: 'More than $client_limit requests in 60 s; wait $limit_retry_after s.',
    headers: { 'Retry-After': '$limit_retry_after' },
  },
  { from: '500', code: 'WT-INTERNAL', detail: 'The entry failed.' },
  { from: '502', code: 'WT-UPSTREAM-FAILED', detail: 'No gateway could be reached; try again.' },
  { from: '503', code: 'WT-UNAVAILABLE', detail: 'No gateway is ready; try again.' },
  { from: '504', code: 'WT-UPSTREAM-TIMEOUT', detail: 'The gateway did not answer in time.' },
];

/** `nginx/problems.conf`: nginx's own errors with the codes and titles of the catalogue. */
export function nginxProblems(): string {
  const directives: string[] = [];
  const locations: string[] = [];
  for (const { from, code, detail, headers = {} } of answers) {
    const { status, title } = ERRORS[code];
    const changed = from === String(status) ? '' : ` =${status}`;
    // The location in nginx.conf tries what may be tried anew, and goes on to the page otherwise.
    const next = status === 502 ? '= @unreached' : `/.problem/${status}`;
    directives.push(`error_page ${from}${changed} ${next};`);
    const problem = {
      type: `urn:woodytoys:problem:${code}`,
      title,
      status,
      detail,
      instance: '$problem_instance',
      requestId: '$request_key',
    };
    locations.push(
      [
        `location = /.problem/${status} {`,
        '  internal;',
        '  default_type application/problem+json;',
        '  add_header X-Request-Id $request_key always;',
        ...(status >= 502 ? ['  add_header Retry-After 1 always;'] : []),
        ...Object.entries(headers).map(([name, value]) => `  add_header ${name} ${value} always;`),
        `  return ${status} '${JSON.stringify(problem)}';`,
        '}',
      ].join('\n'),
    );
  }
  return [
    '# Written by `npm run generate` from the error catalogue; edit tools/src/reference/nginx-problems.ts.',
    '#',
    '# What nginx answers by itself, as RFC 9457 has it; what the gateway answers passes unchanged. The',
    '# pages have paths of their own: a request that could not be read cannot go to a named location.',
    '# A 502 goes to @unreached first, which may try the request anew.',
    ...directives,
    '',
    `${locations.join('\n\n')}\n`,
  ].join('\n');
}
