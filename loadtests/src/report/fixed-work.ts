/** How fast the machine was: what the same work took before each measurement. */
import type { Measurement } from '../lab/lab.ts';
import { spreadText } from './figures.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** In milliseconds; of none where it was not measured. */
export function fixedWorkOf(measurements: readonly Measurement[]): Spread {
  return spreadOf(measurements.map(({ values }) => values['machine.fixedWorkMs'] ?? Number.NaN));
}

/** "23 (19–41) ms" */
export function fixedWorkText(fixedWork: Spread): string {
  return `${spreadText(fixedWork)} ms`;
}
