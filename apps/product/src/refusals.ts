import type { Queryable } from '@woodytoys/database';
import { problem } from '@woodytoys/service';
import type { ProblemError } from '@woodytoys/service';
import { selectVersions } from './products-repository.ts';
import type { ProductChange } from './products-repository.ts';

export function notFound(id: number): ProblemError {
  return problem('WT-RESOURCE-NOT-FOUND', `There is no product ${id}.`);
}

/** Why writes met no row, by the product's id. */
export async function refusalsOf(
  database: Queryable,
  writes: readonly Pick<ProductChange, 'id' | 'expected'>[],
): Promise<ReadonlyMap<number, ProblemError>> {
  // Who expects no version is refused for one reason only.
  const asked = writes.filter(({ expected }) => expected !== undefined).map(({ id }) => id);
  const versions = asked.length === 0 ? undefined : await selectVersions(database, asked);
  return new Map(writes.map(({ id }) => [id, refusalOf(id, versions?.get(id))]));
}

function refusalOf(id: number, version: number | undefined): ProblemError {
  if (version === undefined) return notFound(id);
  return problem(
    'WT-PRECONDITION-FAILED',
    `Product ${id} is at version ${version}, which If-Match does not name. Read it again.`,
  );
}
