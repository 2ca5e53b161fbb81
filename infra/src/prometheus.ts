/** Asks the stack's own Prometheus. */
import { request } from 'undici';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** An instant query's vector; throws when Prometheus refuses the expression. */
export async function query(prometheus: string, expression: string): Promise<readonly Sample[]> {
  const response = await request(
    `${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`,
  );
  const answer = (await response.body.json()) as {
    status: string;
    error?: string;
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.status !== 'success' || !answer.data) {
    throw new Error(`Prometheus refused "${expression}": ${answer.error ?? response.statusCode}`);
  }
  return answer.data.result.map(({ metric, value }) => ({
    labels: metric,
    value: Number(value[1]),
  }));
}
