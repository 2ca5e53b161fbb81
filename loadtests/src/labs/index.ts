import type { Lab } from '../lab/lab.ts';

/** Every lab; one file each beside this one. */
export const labs: readonly Lab[] = [];
