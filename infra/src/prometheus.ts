/** Asks the stack's own Prometheus. */
import { request } from 'undici';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A series over time. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

type Point = [number, string];

/**
 * An instant query's vector.
 *
 * @param time seconds since 1970; now unless given.
 * @throws Error when Prometheus refuses the expression.
 */
export async function query(
  prometheus: string,
  expression: string,
  time?: number,
): Promise<readonly Sample[]> {
  const at = time === undefined ? {} : { time: String(time) };
  const result = await ask<{ metric: Record<string, string>; value: Point }>(
    `${prometheus}/api/v1/query`,
    { query: expression, ...at },
  );
  return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/**
 * A range query's series, from `start` to `end` (seconds since 1970) every `step` seconds.
 *
 * @throws Error when Prometheus refuses the expression.
 */
export async function queryRange(
  prometheus: string,
  expression: string,
  start: number,
  end: number,
  step: number,
): Promise<readonly Series[]> {
  const result = await ask<{ metric: Record<string, string>; values: Point[] }>(
    `${prometheus}/api/v1/query_range`,
    { query: expression, start: String(start), end: String(end), step: String(step) },
  );
  return result.map(({ metric, values }) => ({
    labels: metric,
    values: values.map(([, value]) => Number(value)),
  }));
}

async function ask<Result>(
  url: string,
  parameters: Readonly<Record<string, string>> & { readonly query: string },
): Promise<readonly Result[]> {
  const response = await request(`${url}?${new URLSearchParams(parameters)}`);
  const answer = (await response.body.json()) as {
    status: string;
    error?: string;
    data?: { result: Result[] };
  };
  if (answer.status !== 'success' || !answer.data) {
    throw new Error(
      `Prometheus refused "${parameters.query}": ${answer.error ?? response.statusCode}`,
    );
  }
  return answer.data.result;
}
