/** What k6 hands over at the end; src/k6/summary.ts reads it. */
interface Check {
  readonly name: string;
  readonly fails: number;
}

interface Group {
  readonly checks: readonly Check[];
  readonly groups: readonly Group[];
}

interface Summary {
  readonly metrics: unknown;
  readonly state: { readonly testRunDurationMs: number };
  readonly root_group: Group;
}

/** k6 calls it; every scenario exports it. The last line of the standard output is the result. */
export function handleSummary({ metrics, state, root_group: group }: Summary): object {
  const { testRunDurationMs } = state;
  const endedAt = Date.now();
  const failed = failedChecks(group);
  return { stdout: `\n${JSON.stringify({ metrics, testRunDurationMs, endedAt, failed })}\n` };
}

function failedChecks({ checks, groups }: Group): readonly Check[] {
  const own = checks.filter(({ fails }) => fails > 0).map(({ name, fails }) => ({ name, fails }));
  return [...own, ...groups.flatMap(failedChecks)];
}
