/** `npm run data:reset`, `data:backup -- FILE` and `data:restore -- FILE`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backUp } from './backup.ts';
import { openDataFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { StandaloneError, describeFailure, exitCodeOf } from './failure.ts';
import { openLogs } from './logs.ts';
import { checkBackup, restore } from './restore.ts';
import { dataDirectory } from './settings.ts';
import { createTerminal } from './terminal.ts';

const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const usage = `npm run data:reset               deletes the data of npm start
npm run data:backup -- FILE      writes them into FILE
npm run data:restore -- FILE     puts those of FILE in their place
The platform must be stopped. WOODYTOYS_DATA names the folder (.data).`;

async function command(args: readonly string[]): Promise<void> {
  const terminal = createTerminal(process.stdout, process.stderr);
  const [verb, name, ...rest] = args;
  if (verb === '--help') return terminal.tell(usage);
  const known = verb === 'reset' || verb === 'backup' || verb === 'restore';
  if (!known || rest.length > 0 || (verb === 'reset') !== (name === undefined)) {
    throw new StandaloneError(usage, { exitCode: 2 });
  }
  const directory = dataDirectory(process.env, workspace);
  // npm changes into the workspace; a file is named as seen from where the command was given.
  const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), name ?? '');
  const manifest = verb === 'restore' ? await checkBackup(file) : undefined;

  await withFolder(directory, async (folder) => {
    const logs = openLogs(folder.logs, { logLevel: 'info' }, terminal);
    try {
      const log = logs.for('database');
      if (verb === 'reset') {
        await folder.clear(log);
        terminal.tell(`The data in ${directory} are deleted; npm start makes new ones.`);
      } else if (manifest) {
        await restore(folder, file, manifest, log);
        terminal.tell(`The data of ${manifest.createdAt} are back in ${directory}.`);
      } else {
        const bytes = await backUp(folder, file, log);
        terminal.tell(`${file} holds the data of ${directory} (${megabytes(bytes)} MB).`);
      }
    } finally {
      logs.close();
    }
  });
}

async function withFolder(
  directory: string,
  work: (folder: DataFolder) => Promise<void>,
): Promise<void> {
  const folder = await openDataFolder(directory);
  try {
    await work(folder);
  } finally {
    await folder.close();
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

try {
  await command(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
