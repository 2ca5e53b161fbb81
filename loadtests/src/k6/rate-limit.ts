/** The limit per client that a target announces, and whether a load goes over it. */
import { request } from 'undici';
import type { Scenario } from './catalogue.ts';
import { LoadError } from './failure.ts';
import type { OptionName } from './options.ts';

/** As the header `RateLimit-Policy` tells it. */
export interface RatePolicy {
  readonly requests: number;
  readonly windowSeconds: number;
}

/**
 * Asks the target for the paths at which a scenario finds its limit.
 *
 * @returns the strictest that it announces; undefined when it announces none.
 * @throws LoadError when it does not answer.
 */
export async function readPolicy(
  target: string,
  { probes }: Pick<Scenario, 'probes'>,
  options: Readonly<Partial<Record<OptionName, string>>>,
): Promise<RatePolicy | undefined> {
  const policies: (RatePolicy | undefined)[] = [];
  for (const probe of probes) {
    const path = typeof probe === 'string' ? probe : (options[probe.option] ?? '/');
    policies.push(await announcedAt(target, path, options.host));
  }
  return strictest(policies.filter((policy) => policy !== undefined));
}

async function announcedAt(
  target: string,
  path: string,
  host: string | undefined,
): Promise<RatePolicy | undefined> {
  try {
    const response = await request(new URL(path, target), {
      headers: host === undefined ? {} : { host },
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    await response.body.dump();
    return parsePolicy(String(response.headers['ratelimit-policy'] ?? ''));
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    throw new LoadError(
      `${target} does not answer (${code ?? message}). Start the platform (npm start, or ` +
        'docker compose up), or name where it answers with --target URL.',
      { cause },
    );
  }
}

/** Reads `"60000-in-1min"; q=60000; w=60`; of several policies the one that allows least. */
export function parsePolicy(header: string): RatePolicy | undefined {
  const policies = header.split(',').flatMap((policy) => {
    const requests = Number(/;\s*q=(\d+)/.exec(policy)?.[1]);
    const windowSeconds = Number(/;\s*w=(\d+)/.exec(policy)?.[1]);
    return requests > 0 && windowSeconds > 0 ? [{ requests, windowSeconds }] : [];
  });
  return strictest(policies);
}

/** Of several policies the one that allows least. */
export function strictest(policies: readonly RatePolicy[]): RatePolicy | undefined {
  return policies.toSorted((a, b) => perSecond(a) - perSecond(b))[0];
}

export function perSecond({ requests, windowSeconds }: RatePolicy): number {
  return requests / windowSeconds;
}

/** `60000 per client in 60 s` */
export function describePolicy(policy: RatePolicy | undefined): string {
  return policy === undefined
    ? 'none is announced'
    : `${policy.requests} per client in ${policy.windowSeconds} s`;
}

/**
 * Whether a load of so many requests a second is refused in part. The rate of a window is what
 * counts: a shorter load may be let through, and the next one then pays for it.
 *
 * @param requestsPerSecond undefined when nobody knows: users that ask as fast as they can.
 */
export function exceeds(
  requestsPerSecond: number | undefined,
  policy: RatePolicy | undefined,
): boolean {
  if (policy === undefined) return false;
  return requestsPerSecond === undefined || requestsPerSecond > 0.9 * perSecond(policy);
}
