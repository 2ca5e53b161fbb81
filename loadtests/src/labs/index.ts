import type { Lab } from '../lab/lab.ts';
import { async } from './async.ts';
import { edges } from './edges.ts';

/** Every lab; one file each beside this one. */
export const labs: readonly Lab[] = [async, edges];
