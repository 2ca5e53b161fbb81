/** `npm run lab -- NAME`: builds a situation, loads it, measures it, and writes a report. */
import { fileURLToPath } from 'node:url';
import { labMain } from './lab/main.ts';
import { labs } from './labs/index.ts';

const reports = fileURLToPath(new URL('../../reports/', import.meta.url));
const results = fileURLToPath(new URL('../../docs/labs/results/', import.meta.url));

process.exit(await labMain(labs, { args: process.argv.slice(2), reports, results }));
