import { ProblemError } from '@woodytoys/service';
import type { Exchange } from '../exchange/exchange.ts';

/** A request that the gateway, or who is behind it, could not serve. */
export interface Failure {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly requestId: string;
  readonly traceId: string;
  readonly method: string;
  /** The route's path template, or `unmatched`. */
  readonly route: string;
  readonly status: number;
  /** Null where no upstream was chosen. */
  readonly upstream: string | null;
  /** Null where no replica answered. */
  readonly replica: string | null;
  /** The problem's code and words; null where the upstream's own answer was passed on. */
  readonly detail: string | null;
}

/** The last failures, for operators. */
export interface RecentFailures {
  /** Keeps `exchange` when its answer was 5xx. */
  note(exchange: Exchange, status: number): void;
  /** The last one first. */
  list(): readonly Failure[];
}

const KEPT = 50;

/** Keeps the last 50: what is older is in the log. */
export function createRecentFailures(): RecentFailures {
  const failures: Failure[] = [];
  return {
    note(exchange, status) {
      if (status < 500) return;
      failures.unshift(failureOf(exchange, status));
      if (failures.length > KEPT) failures.pop();
    },
    list: () => failures,
  };
}

function failureOf(exchange: Exchange, status: number): Failure {
  return {
    time: Date.now(),
    requestId: exchange.requestId,
    traceId: exchange.trace.traceId,
    method: exchange.request.method as string,
    route: exchange.routeName,
    status,
    upstream: exchange.upstream ?? null,
    replica: exchange.replica ?? null,
    detail: detailOf(exchange.error),
  };
}

/** The words that the client was told: an inner error's text may name what is nobody's business. */
function detailOf(error: unknown): string | null {
  if (error === undefined) return null;
  return error instanceof ProblemError ? `${error.code}: ${error.detail}` : 'WT-INTERNAL';
}
