import type { Lab } from '../lab/lab.ts';
import { bars } from './lab4/bars.ts';
import { charts } from './lab4/charts.ts';
import { findings } from './lab4/findings.ts';
import { originals } from './lab4/originals.ts';
import { labSteps, parts } from './lab4/steps.ts';
import { tables } from './lab4/tables.ts';

export const lab4: Lab = {
  name: 'lab4',
  title: 'Lab 4: replicas, cache, balancing and a killed replica',
  question:
    "LOG430's lab 4 reads several shops' stock, changes prices and asks for the consolidated report at once. " +
    'The original fails at 30 of each a second. What do replicas, caches and strategies of balancing gain, ' +
    'where does the gain end, and what do clients notice when a replica dies?',
  standalone: true,
  seconds: 60,
  warmUpSeconds: 10,
  firstWarmUpSeconds: 60,
  runs: 3,
  parts,
  steps: labSteps,
  tables,
  charts,
  bars,
  findings,
  originals,
};
