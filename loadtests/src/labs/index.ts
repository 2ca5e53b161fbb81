import type { Lab } from '../lab/lab.ts';
import { edges } from './edges.ts';

/** Every lab; one file each beside this one. */
export const labs: readonly Lab[] = [edges];
