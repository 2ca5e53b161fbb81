import type { Transaction } from '@woodytoys/database';
import { ProblemError } from '@woodytoys/service';
import { updateProducts } from './products-repository.ts';
import type { ProductChange, StoredProduct } from './products-repository.ts';
import { refusalsOf } from './refusals.ts';

/** What became of a change: the product after it, or why it was refused. */
export type Outcome = StoredProduct | ProblemError;

export function isRefusal(outcome: Outcome): outcome is ProblemError {
  return outcome instanceof ProblemError;
}

/**
 * Applies changes in as few statements as there are changes of one product, those of one product in
 * their order. One that is refused leaves the others as they are.
 *
 * @returns what became of each, in the order of the changes
 */
export async function applyChanges(
  transaction: Transaction,
  changes: readonly ProductChange[],
): Promise<readonly Outcome[]> {
  const outcomes = new Map<ProductChange, Outcome>();
  for (const round of roundsOf(changes)) {
    const changed = await updateProducts(transaction, round);
    // Now, since the next round may change what the reason tells.
    const refusals = await refusalsOf(
      transaction,
      round.filter(({ id }) => !changed.has(id)),
    );
    for (const change of round) {
      const outcome = changed.get(change.id) ?? refusals.get(change.id);
      if (outcome !== undefined) outcomes.set(change, outcome);
    }
  }
  return changes.flatMap((change) => outcomes.get(change) ?? []);
}

/** The first changes of all products, then the second ones, and so on. */
function roundsOf(changes: readonly ProductChange[]): readonly (readonly ProductChange[])[] {
  const rounds: ProductChange[][] = [];
  const seen = new Map<number, number>();
  for (const change of changes) {
    const before = seen.get(change.id) ?? 0;
    seen.set(change.id, before + 1);
    (rounds[before] ??= []).push(change);
  }
  return rounds;
}
