import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';

/** A file of the built page. */
export interface PageFile {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** The built page, by path below `/console/`: `index.html`, `assets/index-x1y2.js`. */
export type Page = ReadonlyMap<string, PageFile>;

const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

/** Nothing from elsewhere, nothing inline, and no page of others around it. */
const SECURITY: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The page is not built, or not whole. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

/**
 * Reads the built page into memory; it has a few small files.
 * @throws PageError when it is not there (rejection).
 */
export async function readPage(folder: string): Promise<Page> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
    .map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const name = relative(folder, path).replaceAll('\\', '/');
      return [name, pageFile(name, await readFile(path))] as const;
    }),
  );
  const page = new Map(files);
  if (!page.has(INDEX)) {
    throw new PageError(
      `The page is not built: there is no ${join(folder, INDEX)}. Run: npm run build -w @woodytoys/console`,
    );
  }
  return page;
}

function pageFile(name: string, body: Buffer): PageFile {
  // Vite writes a hash of the content into the names below assets/.
  const cacheControl = name.startsWith('assets/')
    ? 'public, max-age=31536000, immutable'
    : 'no-cache';
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  return {
    body,
    etag,
    headers: { ...SECURITY, 'content-type': type, 'cache-control': cacheControl, etag },
  };
}
