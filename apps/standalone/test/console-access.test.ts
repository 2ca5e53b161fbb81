import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeWithChromium } from '@woodytoys/testing';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { useBrowser } from './fixtures/browser.ts';
import { useStarter } from './fixtures/started.ts';

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

/** What axe-core finds, each as one line. */
async function violations(page: Page): Promise<string[]> {
  // Handed over by the debugger and not by a script element: the page's policy forbids that.
  await page.evaluate(axe);
  const { violations: found } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { target: string[] }[] }[];
  };
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target)}`);
}

/** The accessible name of what has the focus, and whether one can see that it has. */
const focused = `(() => {
  const { activeElement: element } = document;
  const label = element.labels?.[0] ?? element;
  const words = [...label.childNodes].filter((node) => node !== element).map((node) => node.textContent).join('');
  const shown = element.type === 'radio' ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  return {
    name: (element.getAttribute('aria-label') ?? words).trim().replace(/\\s+/g, ' '),
    tag: element.tagName,
    visible: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1,
  };
})()`;

interface Focus {
  readonly name: string;
  readonly tag: string;
  readonly visible: boolean;
}

const looks: readonly [string, BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light and narrow', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ['dark and narrow', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
];

describeWithChromium('the live page for everybody', (binary) => {
  const { place, start } = useStarter();
  const browser = useBrowser(binary);

  async function startConsole() {
    const here = await place();
    const started = start(here);
    await started.ready();
    const url = `http://127.0.0.1:${here.port}/console/`;
    const open = async (options?: BrowserContextOptions) => {
      const page = await browser.open(url, options);
      await page.getByText(/live · \d/).waitFor();
      return page;
    };
    return { started, open };
  }

  it('has nothing that axe-core finds, in light and dark, wide and narrow, at work and in trouble', async () => {
    const { started, open } = await startConsole();
    const pages: [string, Page][] = [];
    for (const [look, options] of looks) pages.push([look, await open(options)]);
    const [, first] = pages[0] as [string, Page];
    await first.getByRole('button', { name: '15/s' }).click();
    await first.getByRole('button', { name: 'Request: Report over all shops' }).click();
    await first.getByText('done', { exact: true }).waitFor();
    for (const [look, page] of pages) {
      await page.getByRole('article', { name: 'Latency' }).getByText('Numbers').click();
      expect(await violations(page), look).toEqual([]);
      const width = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect(width, `${look}: nothing sticks out`).toBe(0);
    }
    started.signalGroup('SIGINT');
    await started.exited;
    for (const [look, page] of pages) {
      await page.getByText('The connection to the console is lost.').first().waitFor();
      expect(await violations(page), `${look}, lost`).toEqual([]);
    }
  });

  it('is walked by the keyboard alone: every control in order, seen, and no trap', async () => {
    const { open } = await startConsole();
    const page = await open();
    const walked: Focus[] = [];
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab');
      const focus = (await page.evaluate(focused)) as Focus;
      if (focus.tag === 'BODY') break;
      walked.push(focus);
    }
    expect(walked.map(({ name }) => name)).toEqual([
      'Skip to the content',
      'Colours',
      'Off',
      '1/s',
      '15/s',
      '30/s',
      '100/s',
      'Mix',
      'gateway',
      'user',
      'product',
      'logistics',
      'logistics-worker',
      'order',
      'order-worker',
      'console',
      'All services',
      ...['Latency', 'Traffic', 'Errors', 'Saturation'].map((chart) => `Numbers of ${chart}`),
      'Request: Report over all shops',
      'Request: Order of a toy',
      'Table',
      'Contract of the API',
    ]);
    expect(walked.filter(({ visible }) => !visible)).toEqual([]);

    await page.getByRole('link', { name: 'Skip to the content' }).press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.keyboard.press('Tab');
    for (let step = 0; step < 2; step += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: '15/s', pressed: true }).waitFor();
    await page.getByRole('status').getByText('Traffic: 15 requests a second').waitFor();
    await page.getByRole('radio', { name: 'All services' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('radio', { name: 'gateway' }).isChecked()).toBe(true);
  });

  it('keeps the focus where it is while numbers come', async () => {
    const { open } = await startConsole();
    const page = await open();
    await page.getByRole('button', { name: 'logistics', exact: true }).focus();
    const pill = page.getByText(/live · \d/);
    const before = await pill.innerText();
    await expect.poll(() => pill.innerText(), { timeout: 60_000 }).not.toBe(before);
    expect(((await page.evaluate(focused)) as Focus).name).toBe('logistics');
  });

  it('follows the colours of the system until others are chosen, and remembers these', async () => {
    const { open } = await startConsole();
    const page = await open({ colorScheme: 'dark' });
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await background();
    expect(light).not.toBe(dark);
    await page.getByLabel('Colours').selectOption('dark');
    expect(await background()).toBe(dark);
    await page.reload();
    await page.getByText(/live · \d/).waitFor();
    expect(await background()).toBe(dark);
    await page.getByLabel('Colours').selectOption('system');
    expect(await background()).toBe(light);
  });

  it('draws nothing while it is hidden, and catches up when it is seen', async () => {
    const { open } = await startConsole();
    const page = await open();
    const hide = (hidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await hide(true);
    // A frame that was asked for before is still drawn.
    await page.waitForTimeout(500);
    const shown = () => page.locator('.pill').innerText();
    const before = await shown();
    await page.waitForTimeout(4000);
    expect(await shown()).toBe(before);
    await hide(false);
    await expect.poll(shown, { timeout: 60_000 }).not.toBe(before);
  });
});
