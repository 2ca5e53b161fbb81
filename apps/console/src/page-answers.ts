import type { IncomingMessage, ServerResponse } from 'node:http';
import { STREAMED, problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { operations } from './contract.ts';
import { PageError } from './page.ts';
import type { Page } from './page.ts';

/** The page's files, as the contract has them. `page` is asked at each request until it is there. */
export function createPageAnswers(
  page: () => Promise<Page>,
): Pick<Handlers<operations>, 'redirectToPage' | 'getPage' | 'getFile' | 'getAsset'> {
  let known: Page | undefined;

  async function send(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<typeof STREAMED> {
    known ??= await page().catch((error: unknown) => {
      if (error instanceof PageError)
        throw problem('WT-UNAVAILABLE', error.message, { cause: error });
      throw error;
    });
    const file = known.get(name);
    if (file === undefined) {
      throw problem('WT-RESOURCE-NOT-FOUND', `The page has no file ${name.slice(0, 200)}.`);
    }
    const { headers, body, etag } = file;
    if (holds(request.headers['if-none-match'], etag))
      response.writeHead(304, { ...headers }).end();
    else response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
    return STREAMED;
  }

  return {
    redirectToPage: async () => ({ status: 308, headers: { location: '/console/' } }),
    getPage: async ({ request, response }) => send('index.html', request, response),
    getFile: async ({ params: { file }, request, response }) => send(file, request, response),
    getAsset: async ({ params: { file }, request, response }) =>
      send(`assets/${file}`, request, response),
  };
}

/** RFC 9110 13.1.2, by weak comparison: a proxy that packs the answer makes the tag weak. */
function holds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
