import { describeWithChromium, waitFor } from '@woodytoys/testing';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { useBrowser } from './fixtures/browser.ts';
import { metricOf } from './fixtures/metrics-of.ts';
import { useStarter } from './fixtures/started.ts';

const patienceMs = 60_000;

/** A cell of the table of services, such as `34.2/s`, as a number. */
async function cellOf(page: Page, service: string, column: string): Promise<number> {
  const table = page.getByRole('region', { name: 'Services' });
  const heads = await table.getByRole('columnheader').allInnerTexts();
  const row = table
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name: service, exact: true }) });
  const cells = await row.locator('th, td').allInnerTexts();
  return Number.parseFloat(cells[heads.indexOf(column)]?.replaceAll(',', '') ?? '');
}

const traffic = (page: Page) => page.getByRole('region', { name: 'Demonstration traffic' });

describeWithChromium('the live page of npm start', (binary) => {
  const { place, start } = useStarter();
  const browser = useBrowser(binary);

  async function openConsole() {
    const here = await place();
    const started = start(here);
    await started.ready();
    const page = await browser.open(`http://127.0.0.1:${here.port}/console/`);
    await page.getByText(/live · \d/).waitFor();
    return { here, started, page };
  }

  it('shows what runs, says what it reads, and its charts move', async () => {
    const { page } = await openConsole();
    await page.getByText('Reads the metrics of this process tree').waitFor();
    const services = page.getByRole('region', { name: 'Services' });
    for (const name of [
      ...['gateway', 'user', 'product', 'logistics', 'logistics-worker', 'order', 'order-worker'],
      'console',
    ]) {
      await services.getByRole('button', { name, exact: true }).waitFor();
      expect(await page.locator(`.topology .node-name:text-is("${name}")`).count()).toBe(1);
      expect(
        await page
          .locator('.topology .node', { has: page.locator(`.node-name:text-is("${name}")`) })
          .locator('.replica-up')
          .count(),
      ).toBe(1);
    }
    await traffic(page).getByRole('button', { name: '15/s' }).click();
    for (const [index, chart] of ['Latency', 'Traffic', 'Errors', 'Saturation'].entries()) {
      await page.getByRole('article', { name: chart }).locator('canvas').waitFor();
      const picture = () =>
        page.evaluate(`document.querySelectorAll('canvas')[${index}].toDataURL()`);
      const before = await picture();
      expect(before).toMatch(/^data:image\/png/);
      await expect.poll(picture, { timeout: patienceMs }).not.toBe(before);
    }
  });

  it('shows the requests of the demonstration traffic as the metrics count them', async () => {
    const { here, page } = await openConsole();
    const answered = () =>
      metricOf(here.privatePort, 'http_server_request_duration_seconds_count', {
        service: 'gateway',
        http_route: /^\/api\//,
      });
    const before = await answered();
    await traffic(page).getByRole('button', { name: '15/s' }).click();
    await traffic(page).getByRole('button', { name: '15/s', pressed: true }).waitFor();

    // The rate on the page against the growth of the counter meanwhile, once both are steady.
    await waitFor(async () => (await cellOf(page, 'gateway', 'Rate')) > 5, patienceMs);
    const from = { time: performance.now(), count: await answered() };
    const shown: number[] = [];
    for (let second = 0; second < 10; second += 1) {
      await page.waitForTimeout(1000);
      shown.push(await cellOf(page, 'gateway', 'Rate'));
    }
    const counted = ((await answered()) - from.count) / ((performance.now() - from.time) / 1000);
    const mean = shown.reduce((sum, rate) => sum + rate, 0) / shown.length;
    expect(mean).toBeGreaterThan(counted * 0.6);
    expect(mean).toBeLessThan(counted * 1.6);

    await traffic(page).getByRole('button', { name: 'Off' }).click();
    await traffic(page).getByRole('button', { name: 'Off', pressed: true }).waitFor();
    await waitFor(async () => (await cellOf(page, 'gateway', 'In flight')) <= 1, patienceMs);
    // The last answers are counted when they arrive, and shown with the next snapshot.
    await expect
      .poll(
        async () => {
          const text = await traffic(page)
            .getByText(/answered · /)
            .innerText();
          return Number.parseInt(text.replaceAll(',', ''), 10);
        },
        { timeout: patienceMs },
      )
      .toBe((await answered()) - before);
    expect(
      await traffic(page)
        .getByText(/answered · 0 failed/)
        .count(),
    ).toBe(1);
  });

  it('sends more or less at once when another rate is chosen, and another mix', async () => {
    const { here, page } = await openConsole();
    const writes = () =>
      metricOf(here.privatePort, 'http_server_request_duration_seconds_count', {
        service: 'gateway',
        http_request_method: 'POST',
        http_route: /^\/api\/stores/,
      });
    await traffic(page).getByRole('button', { name: '1/s', exact: true }).click();
    await expect
      .poll(() => cellOf(page, 'gateway', 'Rate'), { timeout: patienceMs })
      .toBeGreaterThan(0.3);
    await expect
      .poll(() => cellOf(page, 'gateway', 'Rate'), { timeout: patienceMs })
      .toBeLessThan(5);
    await traffic(page).getByRole('button', { name: '30/s' }).click();
    await expect
      .poll(() => cellOf(page, 'gateway', 'Rate'), { timeout: patienceMs })
      .toBeGreaterThan(10);
    expect(await writes()).toBe(0);
    await traffic(page).getByLabel('Mix').selectOption('shop');
    await expect.poll(writes, { timeout: patienceMs }).toBeGreaterThan(2);
    await traffic(page).getByRole('button', { name: 'Off' }).click();
    await expect
      .poll(() => cellOf(page, 'gateway', 'Rate'), { timeout: patienceMs })
      .toBeLessThan(1);
  });

  it('follows a report from the button to its result', async () => {
    const { started, page } = await openConsole();
    const jobs = page.getByRole('region', { name: 'Jobs' });
    await jobs.getByText('None yet').waitFor();
    await jobs.getByRole('button', { name: 'Request: Report over all shops' }).click();
    await jobs.getByText('done', { exact: true }).waitFor();
    expect(await jobs.getByRole('progressbar').getAttribute('value')).toBe('1');
    await jobs.getByText('1 report done').waitFor();
    const result = await jobs.getByRole('link', { name: 'Result' }).getAttribute('href');
    const csv = await started.get(result ?? '');
    expect(csv.status).toBe(200);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    const queues = page.getByRole('region', { name: 'Queues' });
    await queues.getByRole('row', { name: /^logistics\.reports 0 0$/ }).waitFor();
  });

  it('shows four signals of the service that is chosen, in words and numbers too', async () => {
    const { page } = await openConsole();
    await traffic(page).getByRole('button', { name: '15/s' }).click();
    await page.getByRole('radio', { name: 'product' }).check();
    const latency = page.getByRole('article', { name: 'Latency' });
    await expect
      .poll(() => latency.getByRole('listitem').allInnerTexts(), { timeout: patienceMs })
      .toEqual(
        ['p50', 'p95', 'p99'].map((line) =>
          expect.stringMatching(new RegExp(`^${line}\\s+[\\d.]+ m?s$`)),
        ),
      );
    const summary = await latency.getByRole('img').getAttribute('aria-labelledby');
    expect(await page.locator(`#${summary}`).innerText()).toMatch(/p95: now [\d.]+ m?s, between/);
    await latency.getByText('Numbers').click();
    await expect
      .poll(() => latency.getByRole('columnheader').allInnerTexts())
      .toEqual(['Time', 'p50', 'p95', 'p99']);
    expect(await latency.getByRole('row').count()).toBeGreaterThan(1);
  });
});
