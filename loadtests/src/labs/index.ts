import type { Lab } from '../lab/lab.ts';
import { aggregate } from './aggregate.ts';
import { async } from './async.ts';
import { edges } from './edges.ts';
import { isolation } from './isolation.ts';
import { lab4 } from './lab4.ts';
import { woodytoys } from './woodytoys.ts';

/** Every lab; one file each beside this one. */
export const labs: readonly Lab[] = [lab4, woodytoys, aggregate, isolation, async, edges];
