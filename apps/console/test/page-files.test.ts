import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPage } from '../src/page.ts';
import { startConsole } from './support/console.ts';

async function startWithPage() {
  const folder = await mkdtemp(join(tmpdir(), 'console-page-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>');
  await writeFile(join(folder, 'favicon.svg'), '<svg/>');
  await writeFile(join(folder, 'assets', 'index-x1y2.js'), 'export {};');
  return startConsole({ page: () => readPage(folder) });
}

describe('the files of the page', () => {
  it('are the page itself, asked for anew each time, and nothing from elsewhere in it', async () => {
    const { url } = await startWithPage();
    const answer = await fetch(`${url}/console/`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<title>Console</title>');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:/);

    const etag = answer.headers.get('etag') ?? '';
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await fetch(`${url}/console/`, { headers: { 'if-none-match': held } });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
    }
    const changed = await fetch(`${url}/console/`, { headers: { 'if-none-match': '"other"' } });
    expect(changed.status).toBe(200);
  });

  it('are scripts that are kept for ever, since their names have a hash', async () => {
    const { url } = await startWithPage();
    const script = await fetch(`${url}/console/assets/index-x1y2.js`);
    expect(await script.text()).toBe('export {};');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const icon = await fetch(`${url}/console/favicon.svg`);
    expect(icon.headers.get('content-type')).toBe('image/svg+xml');
    expect(icon.headers.get('cache-control')).toBe('no-cache');
  });

  it('are led to from the path without the slash', async () => {
    const { url } = await startWithPage();
    const answer = await fetch(`${url}/console`, { redirect: 'manual' });
    expect(answer.status).toBe(308);
    expect(answer.headers.get('location')).toBe('/console/');
  });

  it.each(['none.js', 'assets/none.js', '%2e%2e%2fpage.ts', 'assets/..%2findex.html'])(
    'are no others: %s',
    async (path) => {
      const { url } = await startWithPage();
      const answer = await fetch(`${url}/console/${path}`);
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('are a problem that says what to do while the page is not built', async () => {
    const folder = join(tmpdir(), 'no-such-page');
    const { url } = await startConsole({ page: () => readPage(folder) });
    const answer = await fetch(`${url}/console/`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining('npm run build -w @woodytoys/console') as string,
    });
  });
});
