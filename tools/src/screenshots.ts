/**
 * Pictures of the live page for the documentation: `npm run screenshots`.
 *
 * Starts the platform with new data, gives it traffic and a report for about two minutes, and writes
 * `docs/images/console-*.png`. Needs Chromium, or `WT_TEST_CHROMIUM` with the path of one.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '@woodytoys/testing/chromium';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startPlatform } from './screenshots/platform.ts';

const workspace = fileURLToPath(new URL('../../', import.meta.url));
const images = join(workspace, 'docs', 'images');
const wide = { width: 1280, height: 1010 };
const narrow = { width: 360, height: 780 };
/** Rates one after the other, so that the charts have something to show. */
const traffic = [
  { rate: '15/s', ms: 30_000 },
  { rate: '30/s', ms: 40_000 },
  { rate: '100/s', ms: 30_000 },
  { rate: '30/s', ms: 20_000 },
];

async function openConsole(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions,
): Promise<Page> {
  const context = await browser.newContext({
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  await page.goto(`${origin}/console/`);
  await page.getByText(/live · \d/).waitFor();
  return page;
}

async function save(page: Page, name: string): Promise<void> {
  // A moment for the charts to take on their sizes.
  await page.waitForTimeout(1500);
  const path = join(images, `console-${name}.png`);
  await page.screenshot({ path, scale: 'css' });
  console.log(path);
}

async function takePictures(browser: Browser, origin: string, end: () => Promise<void>) {
  const light = await openConsole(browser, origin, { colorScheme: 'light', viewport: wide });
  await light
    .getByRole('button', { name: /^Request: / })
    .first()
    .click();
  await light.getByText('done', { exact: true }).first().waitFor();
  for (const { rate, ms } of traffic) {
    await light.getByRole('button', { name: rate, exact: true }).click();
    await light.waitForTimeout(ms);
  }
  await light.evaluate('scrollTo(0, 0)');
  await save(light, 'light');

  const dark = await openConsole(browser, origin, { colorScheme: 'dark', viewport: wide });
  await dark.getByRole('radio', { name: 'logistics', exact: true }).check();
  await dark.evaluate(`document.querySelector('.signals').scrollIntoView()`);
  await save(dark, 'signals-dark');

  const small = await openConsole(browser, origin, { colorScheme: 'light', viewport: narrow });
  await save(small, 'narrow');

  await dark.evaluate('scrollTo(0, 0)');
  await end();
  await dark.getByText('The connection to the console is lost.').first().waitFor();
  await dark.waitForTimeout(12_000);
  await save(dark, 'lost-dark');
}

const executablePath = findChromium();
if (!executablePath) {
  console.error(
    'screenshots: no Chromium is on the PATH; install it or name it in WT_TEST_CHROMIUM',
  );
  process.exit(1);
}
await mkdir(images, { recursive: true });
const platform = await startPlatform(workspace);
try {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath, headless: true, args });
  try {
    await takePictures(browser, platform.origin, () => platform.close());
  } finally {
    await browser.close();
  }
} finally {
  await platform.close();
}
