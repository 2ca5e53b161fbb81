import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  readonly code: number | null;
  /** What it printed, on both streams. */
  readonly output: string;
}

export interface WorkspaceCopy {
  readonly root: string;
  /** Runs a program of `node_modules/.bin`, or one of the PATH, in the copy. */
  run(program: string, ...args: readonly string[]): Promise<Finished>;
  /** What `npm install` does for a new package, save the network. */
  link(name: string): Promise<void>;
  remove(): Promise<void>;
}

/** Neither copied nor linked: what no check reads, or what every place has to make for itself. */
const leftOut = new Set(['.git', '.nx', '.data', 'node_modules', 'dist']);

/**
 * Copies this workspace as it is on the disk, changes included. Installed packages are links to
 * this one's, since a copy of them takes a minute; the workspace's own are links within the copy.
 */
export async function copyWorkspace(): Promise<WorkspaceCopy> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'woodytoys-copy-')));
  const modules: string[] = [];
  await cp(workspace, root, {
    recursive: true,
    // tsc tells by them what it need not check again.
    preserveTimestamps: true,
    filter: (source) => {
      const name = basename(source);
      if (name === 'node_modules') modules.push(relative(workspace, source));
      // A test of this package that runs beside this one keeps its files there.
      return !leftOut.has(name) && !name.startsWith('.messages-');
    },
  });
  for (const folder of modules) await linkModules(folder, root);

  return {
    root,
    run: (program, ...args) => run(root, program, args),
    link: (name) =>
      symlink(join('../../apps', name), join(root, 'node_modules/@woodytoys', name), 'dir'),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

async function linkModules(folder: string, root: string): Promise<void> {
  await mkdir(join(root, folder), { recursive: true });
  for (const entry of await readdir(join(workspace, folder))) {
    const link = join(root, folder, entry);
    // Its links are relative, and so lead into the copy.
    if (entry === '@woodytoys') {
      await cp(join(workspace, folder, entry), link, { recursive: true, verbatimSymlinks: true });
    } else {
      await symlink(join(workspace, folder, entry), link);
    }
  }
}

function run(root: string, program: string, args: readonly string[]): Promise<Finished> {
  // What nx and vitest tell their children is about this workspace, not about the copy.
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^(NX_|VITEST|NODE_ENV$|CI$)/.test(name),
  );
  const child = spawn(program, args, {
    cwd: root,
    env: {
      ...Object.fromEntries(environment),
      PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`,
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
