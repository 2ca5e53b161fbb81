/** Traffic that touches what the metrics count: each service, each outcome, scaling and a fault. */
import { setTimeout as sleep } from 'node:timers/promises';
import { docker } from '../../src/compose.ts';
import type { Stack } from '../../src/compose.ts';
import { startLoad } from '../../src/load.ts';
import type { LoadRequest } from '../../src/load.ts';
import { createMix } from '../../src/mix.ts';

/** Longer than Prometheus takes to find a replica and read it twice. */
const SEEN_MS = 16_000;

/** What a client may get wrong, each answered with another status. */
const MISTAKES: readonly LoadRequest[] = [
  { method: 'GET', path: '/nowhere' },
  { method: 'GET', path: '/api/users/0' },
  { method: 'GET', path: '/api/users/99999999' },
  { method: 'POST', path: '/api/users', body: { username: 1 } },
  { method: 'DELETE', path: '/api/reports' },
];

/**
 * Some minutes of a platform at work: every service scaled out under load, reports to their end,
 * mistakes of clients, a replica that is killed, a reload of the gateway, and scaled in again.
 */
export async function touchEverything(stack: Stack): Promise<void> {
  await stack.up({ logistics: 1, product: 2, user: 1, gateway: 1, 'logistics-worker': 1 });
  await sleep(SEEN_MS);
  const mix = createMix(`touch_${Date.now().toString(36)}`);
  const load = startLoad({
    origin: stack.entry,
    requestsPerSecond: 50,
    next: (n) => (n % 20 === 19 ? (MISTAKES[n % MISTAKES.length] as LoadRequest) : mix(n)),
  });
  try {
    await stack.up({ logistics: 2, product: 2, user: 2, gateway: 2, 'logistics-worker': 2 });
    await Promise.all([report(stack), report(stack), report(stack)]);
    for (const gateway of await stack.containers('gateway')) {
      await docker('kill', '--signal', 'HUP', gateway);
    }
    await sleep(SEEN_MS);
    const [replica = ''] = await stack.containers('product');
    await docker('kill', '--signal', 'KILL', replica);
    await sleep(SEEN_MS);
    await stack.up({ logistics: 1, product: 2, user: 1, gateway: 1, 'logistics-worker': 1 });
    await sleep(SEEN_MS);
  } finally {
    // Mistakes and the killed replica are meant to fail.
    await load.stop();
  }
}

/** Asks for a report, follows it by its events until it is done, and reads it as CSV. */
async function report({ entry }: Stack): Promise<void> {
  const accepted = await fetch(`${entry}/api/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  if (accepted.status !== 202) throw new Error(`POST /api/reports answered ${accepted.status}`);
  const location = accepted.headers.get('location') ?? '';
  for (const path of [`${location}/events`, `${location}.csv`]) {
    const response = await fetch(`${entry}${path}`, { signal: AbortSignal.timeout(60_000) });
    await response.text();
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}`);
  }
}
