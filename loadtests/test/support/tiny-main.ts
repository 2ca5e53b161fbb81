/** `node tiny-main.ts PORT REPORTS OPTION…`: the command of labs, with the tiny lab alone. */
import { join } from 'node:path';
import { labMain } from '../../src/lab/main.ts';
import { tinyLab } from './tiny-lab.ts';

const [port = '', reports = '', ...args] = process.argv.slice(2);
const options = { args: ['tiny', ...args], reports, results: join(reports, 'results') };
process.exit(await labMain([tinyLab(Number(port))], options));
