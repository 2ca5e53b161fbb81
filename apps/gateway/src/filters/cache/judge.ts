import { jittered } from '@woodytoys/caching/parts';
import type { Answer } from '../../exchange/answer.ts';
import { headerValue } from '../../exchange/header-list.ts';
import { CacheControl } from './cache-control.ts';
import type { Lane } from './asked.ts';

/** What a route says. All durations in milliseconds. */
export interface FreshnessPolicy {
  /** Whose word counts: the route's where the origin says nothing, or the route's alone. */
  readonly lifetime: 'origin' | 'route';
  readonly ttlMs: number;
  readonly notFoundTtlMs: number;
  readonly whileRevalidateMs: number;
  readonly ifErrorMs: number;
}

export interface Lifetime {
  readonly ageMs: number;
  readonly freshMs: number;
  readonly whileRevalidateMs: number;
  readonly ifErrorMs: number;
  readonly keepMs: number;
}

/** `pass`: not to be kept. `failed`: an error of the origin. */
export type Verdict = Lifetime | 'pass' | 'failed';

/** Statuses that may be kept without a word of the origin (RFC 9110 15.1), apart from 404 and 410. */
const BY_DEFAULT = new Set([200, 203, 204, 300, 301, 308]);
/** What can be validated is kept for so long after it may not be served without. */
const RETAINED_MS = 600_000;

/**
 * Whether a shared cache may keep an answer, and for how long (RFC 9111 3 and 4.2, RFC 5861). It is
 * stricter in this: nothing with `Set-Cookie` is kept; with `Authorization` the origin has to say
 * `public` or `s-maxage`; with `Cookie` it has to say how long. A route that says all of it itself
 * keeps what is neither of these.
 *
 * @param delayMs how long the origin took, by which the answer may be older than it says.
 */
export function judge(
  answer: Pick<Answer, 'status' | 'headers'>,
  lane: Lane,
  policy: FreshnessPolicy,
  delayMs: number,
): Verdict {
  const { status, headers } = answer;
  if (status >= 500) return 'failed';
  if (status < 200 || status === 206 || status === 304) return 'pass';
  const ofRoute = policy.lifetime === 'route';
  const control = ofRoute
    ? CacheControl.none()
    : CacheControl.parse(joined(headers, 'cache-control'));
  if (control.has('no-store') || control.has('private')) return 'pass';
  if (headerValue(headers, 'set-cookie') !== undefined) return 'pass';
  if (headerValue(headers, 'content-type')?.startsWith('text/event-stream')) return 'pass';
  if (joined(headers, 'vary')?.includes('*')) return 'pass';

  const told = ofRoute
    ? undefined
    : (control.ms('s-maxage') ?? control.ms('max-age') ?? expiresMs(headers));
  const shared = ofRoute || control.has('public') || control.has('s-maxage');
  if (lane === 'authorization' && !shared) return 'pass';
  if (lane === 'cookie' && told === undefined && !ofRoute && !control.has('public')) return 'pass';

  const validate = control.has('no-cache');
  const lifetimeMs = validate ? 0 : (told ?? ownTtl(status, policy));
  if (lifetimeMs === undefined) return 'pass';
  const ageMs = (Number(headerValue(headers, 'age')) || 0) * 1_000 + delayMs;
  const freshMs = shortened(Math.max(0, lifetimeMs - ageMs));
  const strict = validate || control.has('must-revalidate') || control.has('proxy-revalidate');
  // `s-maxage` forbids stale answers too, unless the origin itself allows them (RFC 9111 5.2.2.10).
  const allowed = (name: string, ownMs: number) =>
    strict ? 0 : (control.ms(name) ?? (control.has('s-maxage') ? 0 : ownMs));
  const whileRevalidateMs = allowed('stale-while-revalidate', policy.whileRevalidateMs);
  const ifErrorMs = allowed('stale-if-error', policy.ifErrorMs);
  const retainedMs = hasValidator(headers) ? RETAINED_MS : 0;
  const keepMs = Math.round(freshMs + Math.max(whileRevalidateMs, ifErrorMs, retainedMs));
  if (keepMs <= 0) return 'pass';
  return { ageMs, freshMs, whileRevalidateMs, ifErrorMs, keepMs };
}

/** All values of a list header. */
export function joined(headers: readonly string[], name: string): string | undefined {
  let all: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== name) continue;
    const value = headers[index + 1] as string;
    all = all === undefined ? value : `${all}, ${value}`;
  }
  return all;
}

export function hasValidator(headers: readonly string[]): boolean {
  return (
    headerValue(headers, 'etag') !== undefined ||
    headerValue(headers, 'last-modified') !== undefined
  );
}

function ownTtl(status: number, { ttlMs, notFoundTtlMs }: FreshnessPolicy): number | undefined {
  if (status === 404 || status === 410) return notFoundTtlMs > 0 ? notFoundTtlMs : undefined;
  return BY_DEFAULT.has(status) && ttlMs > 0 ? ttlMs : undefined;
}

/** `Expires`, on the clock of the answer itself; a date that is none is in the past. */
function expiresMs(headers: readonly string[]): number | undefined {
  const expires = headerValue(headers, 'expires');
  if (expires === undefined) return undefined;
  const until = Date.parse(expires);
  const date = Date.parse(headerValue(headers, 'date') ?? '');
  return Number.isNaN(until) ? 0 : Math.max(0, until - (Number.isNaN(date) ? Date.now() : date));
}

/** Up to a tenth shorter, so that what came together does not end together; never longer than told. */
function shortened(durationMs: number): number {
  return Math.min(durationMs, jittered(durationMs));
}
