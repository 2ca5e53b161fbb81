import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const configFile = fileURLToPath(new URL('../page/vite.config.ts', import.meta.url));
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'woodytoys-page-'));
  await build({ configFile, build: { outDir: folder } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function files(): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)),
  );
}

describe('the built page', () => {
  it('is smaller than 150 kB, all of it together and compressed', async () => {
    const sizes = [...(await files()).values()].map((body) => gzipSync(body).length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
  });

  it('has nothing inline and nothing from elsewhere, as its content security policy asks', async () => {
    const built = await files();
    const html = built.get(join(folder, 'index.html'))?.toString() ?? '';
    expect(html).toContain('src="/console/assets/');
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    for (const match of html.matchAll(/(?:src|href)="([^"]*)"/g)) {
      expect(match[1]).toMatch(/^(\/console\/|#)/);
    }
    const css = [...built].filter(([path]) => path.endsWith('.css')).map(([, body]) => `${body}`);
    expect(css.join('')).not.toMatch(/url\(|@import/);
  });
});
