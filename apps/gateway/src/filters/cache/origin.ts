import { ProblemError } from '@woodytoys/service';
import type { Answer } from '../../exchange/answer.ts';
import { headerValue, withoutHeader } from '../../exchange/header-list.ts';
import { isWholeUpTo, wholeUpTo } from '../../exchange/stored-answer.ts';
import type { Asked } from './asked.ts';
import { joined, judge } from './judge.ts';
import type { FreshnessPolicy, Verdict } from './judge.ts';
import type { PurgePoint, StoredAnswer } from './stored.ts';

/** What the origin said, and what may be done with it. */
export type Loaded =
  | { readonly kind: 'stored'; readonly answer: StoredAnswer; readonly validated: boolean }
  /** Not to be kept: for the one who asked alone. */
  | { readonly kind: 'pass'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly answer: Answer }
  | { readonly kind: 'thrown'; readonly error: unknown };

/** Metadata that a 304 does not change: it tells of a body that it does not have. */
const OF_THE_BODY = new Set([
  'content-length',
  'content-encoding',
  'content-type',
  'content-range',
]);

export interface LoadParts {
  readonly policy: FreshnessPolicy;
  readonly maxBytes: number;
  /** What may be validated instead of sent anew. */
  readonly stale: StoredAnswer | undefined;
  readonly purge: PurgePoint;
}

/** Asks the origin, and judges what it says. Never rejects. */
export async function load(
  asked: Asked,
  ask: () => Promise<Answer>,
  { policy, maxBytes, stale, purge }: LoadParts,
): Promise<Loaded> {
  const startedAt = performance.now();
  try {
    const answer = await ask();
    const delayMs = performance.now() - startedAt;
    const validated = answer.status === 304 && stale !== undefined;
    const whole = validated ? { ...answer, ...refreshed(stale, answer) } : answer;
    const verdict = judge(whole, asked.lane, policy, delayMs);
    if (verdict === 'failed') return { kind: 'failed', answer };
    return await keepable({ asked, answer: whole, verdict, maxBytes, purge, validated });
  } catch (error) {
    return { kind: 'thrown', error };
  }
}

/** Whether an error is of the origin, and not of who asked. */
export function isOriginError(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.status >= 500;
}

async function keepable({
  asked,
  answer,
  verdict,
  maxBytes,
  purge,
  validated,
}: {
  asked: Asked;
  answer: Answer;
  verdict: Exclude<Verdict, 'failed'>;
  maxBytes: number;
  purge: PurgePoint;
  validated: boolean;
}): Promise<Loaded> {
  if (verdict === 'pass') return { kind: 'pass', answer };
  const whole = await wholeUpTo(answer, maxBytes);
  if (!isWholeUpTo(whole, maxBytes)) return { kind: 'pass', answer: whole };
  const { status, headers, body } = whole;
  const stored: StoredAnswer = {
    ...verdict,
    status,
    headers: withoutHeader(headers, 'age'),
    body,
    path: asked.path,
    tags: tagsOf(headers),
    purge,
  };
  return { kind: 'stored', answer: stored, validated };
}

/** The kept answer with what the 304 says anew (RFC 9111 3.2). */
function refreshed(stale: StoredAnswer, { headers }: Answer): Answer {
  const names = new Set(headers.filter((name, index) => index % 2 === 0 && !OF_THE_BODY.has(name)));
  const nameAt = (list: readonly string[], index: number) => list[index - (index % 2)] as string;
  const kept = stale.headers.filter((_, index) => !names.has(nameAt(stale.headers, index)));
  const added = headers.filter((_, index) => names.has(nameAt(headers, index)));
  return { status: stale.status, headers: [...kept, ...added], body: stale.body };
}

/** Tags by which the origin names what an answer is made of, in the two headers that are in use. */
function tagsOf(headers: readonly string[]): readonly string[] {
  const commas = joined(headers, 'cache-tag')?.split(',') ?? [];
  const spaces = headerValue(headers, 'surrogate-key')?.split(' ') ?? [];
  return [...commas, ...spaces].map((tag) => tag.trim()).filter((tag) => tag !== '');
}
