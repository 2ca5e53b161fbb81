import { describeWithChromium } from '@woodytoys/testing';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { useBrowser } from './fixtures/browser.ts';
import { databaseUrlOf } from './fixtures/database-of.ts';
import { useStarter } from './fixtures/started.ts';
import type { Started } from './fixtures/npm-start.ts';

const patienceMs = 60_000;
const address = (port: number) => `http://127.0.0.1:${port}/console/`;

/** Ends it as Ctrl-C does, and waits until it has. */
async function stop(started: Started): Promise<void> {
  started.signalGroup('SIGINT');
  expect(await started.exited).toBe(0);
}

describeWithChromium('the live page in trouble', (binary) => {
  const { place, start } = useStarter();
  const browser = useBrowser(binary);

  it('says that the connection is lost and since when, and goes on by itself after a restart', async () => {
    const here = await place();
    const first = start(here);
    await first.ready();
    const page = await browser.open(address(here.port));
    const traffic = page.getByRole('region', { name: 'Demonstration traffic' });
    const banner = page.getByRole('region', { name: 'State of the measurements' });
    await traffic.getByRole('button', { name: '15/s' }).click();
    await page.getByText(/live · \d/).waitFor();
    expect(await banner.isVisible()).toBe(false);

    await stop(first);
    await banner.getByText('The connection to the console is lost.').waitFor();
    await banner.getByText(/No word for \d+ s\. Next attempt in \d+ s\./).waitFor();
    await page.getByRole('status').getByText('The connection to the console is lost.').waitFor();
    expect(await traffic.getByRole('button', { name: '30/s' }).isDisabled()).toBe(true);
    // The charts show the silence as a gap; the numbers of before are still there to be read.
    await page.getByRole('region', { name: 'Services' }).getByText('gateway').waitFor();
    await page.waitForTimeout(5000);

    const second = start(here);
    await second.ready();
    await banner.waitFor({ state: 'hidden', timeout: patienceMs });
    await page.getByRole('status').getByText('Measurements are coming again').waitFor();
    await expect
      .poll(() => traffic.getByRole('button', { name: 'Off', pressed: true }).count(), {
        timeout: patienceMs,
      })
      .toBe(1);
    const numbers = page.getByRole('article', { name: 'Saturation' });
    await numbers.getByText('Numbers').click();
    const rows = await numbers.getByRole('row').allInnerTexts();
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.some((row) => row.includes('–'))).toBe(true);
    await traffic.getByRole('button', { name: '15/s' }).click();
    await traffic.getByText(/[1-9]\d* answered · 0 failed/).waitFor();
  });

  it('shows the requests that failed with the id that their client got, to be copied', async () => {
    const here = await place();
    const started = start(here);
    await started.ready();
    const page = await browser.open(address(here.port), {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const errors = page.getByRole('region', { name: 'Recent errors' });
    await errors.getByText('None: every recent request was answered.').waitFor();

    // A table that has gone is what nobody can answer without.
    const database = new Client(databaseUrlOf(here.data, 'logistics'));
    await database.connect();
    await database.query('ALTER TABLE sales RENAME TO mislaid');
    await database.end();
    const answer = await started.get('/api/sales');
    expect(answer.status).toBe(500);
    const requestId = answer.headers.get('x-request-id') ?? '';

    await errors.getByText(requestId, { exact: true }).waitFor();
    const item = errors.getByRole('listitem').filter({ hasText: requestId });
    expect(await item.innerText()).toMatch(/500\s+GET \/api\/sales/);
    expect(await item.innerText()).toContain('logistics');
    await item.getByRole('button', { name: `Copy id ${requestId}` }).click();
    await page.getByRole('status').getByText('Request id copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(requestId);
  });
});
