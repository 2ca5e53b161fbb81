import type { Stack } from '@woodytoys/infra/compose';

/** Asks a service's database of the stack; rows of columns, as text. */
export async function ask(
  stack: Stack,
  database: string,
  sql: string,
): Promise<readonly (readonly string[])[]> {
  const psql = ['psql', '--username', 'postgres', '--dbname', database, '--no-psqlrc'];
  const quiet = ['--no-align', '--tuples-only', '--quiet', '--field-separator', '\t'];
  const output = await stack.exec('postgres', ...psql, ...quiet, '--command', sql);
  return output
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split('\t'));
}
