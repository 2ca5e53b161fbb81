import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from './file-lock.mjs';
import { BootstrapError, platformNode, workspaceRoot } from './workspace.mjs';

const lockfile = join(workspaceRoot, 'package-lock.json');
/** npm's own record of what it has put into node_modules. */
const hiddenLockfile = join(workspaceRoot, 'node_modules', '.package-lock.json');
const stamp = join(workspaceRoot, 'node_modules', '.woodytoys-install');
const OUTPUT_LINES_SHOWN = 20;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Installs what package-lock.json names, unless it is there already; needs no network then.
 * `WOODYTOYS_INSTALL=never` leaves node_modules to who set it (an image, a test).
 */
export async function ensureInstalled() {
  if (process.env.WOODYTOYS_INSTALL === 'never' || isInstalled()) return;
  await withFileLock(
    join(workspaceRoot, '.install.lock'),
    () => console.log('Another process installs the dependencies; waiting for it…'),
    async () => {
      if (isInstalled()) return;
      const began = Date.now();
      console.log('Installing the dependencies (npm ci; only when they have changed)…');
      await npmCi();
      checkPlatformNode();
      writeFileSync(stamp, expectedStamp());
      console.log(`Dependencies installed in ${Math.round((Date.now() - began) / 1000)} s.`);
    },
  );
}

function isInstalled() {
  if (!existsSync(lockfile)) {
    throw new BootstrapError(
      `${lockfile} is missing; restore it (git checkout package-lock.json).`,
    );
  }
  if (!existsSync(platformNode)) return false;
  const expected = expectedStamp();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === expected) return true;
  if (!matchesHiddenLockfile()) return false;
  try {
    writeFileSync(stamp, expected);
  } catch {
    // A read-only node_modules: the comparison is made again the next time.
  }
  return true;
}

/** Changes with the lockfile, and with the machine: binaries differ. */
function expectedStamp() {
  const hash = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  return `${hash} ${process.platform} ${process.arch}\n`;
}

/** True when npm was run by hand and node_modules holds everything this machine needs. */
function matchesHiddenLockfile() {
  if (!existsSync(hiddenLockfile)) return false;
  const wanted = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  const present = JSON.parse(readFileSync(hiddenLockfile, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !neededHere(entry)) return true;
    const found = present[path];
    return found?.version === entry.version && found?.integrity === entry.integrity;
  });
}

function neededHere(entry) {
  if (!entry.optional && !entry.devOptional) return true;
  // Optional packages are left out on purpose or because they do not fit; those that name
  // this platform (and no libc, which cannot be told from here) ought to be there.
  const named = entry.os !== undefined || entry.cpu !== undefined;
  return (
    named &&
    entry.libc === undefined &&
    (entry.os?.includes(process.platform) ?? true) &&
    (entry.cpu?.includes(process.arch) ?? true)
  );
}

function npmCi() {
  // `node` itself is a devDependency, so NODE_ENV=production must not leave those out.
  const args = ['ci', '--include=dev', '--include=optional', '--loglevel=warn', '--no-progress'];
  const npmCli = process.env.npm_execpath ?? '';
  const byNode = npmCli.endsWith('npm-cli.js') && existsSync(npmCli);
  const [command, commandArgs] = byNode ? [process.execPath, [npmCli, ...args]] : ['npm', args];
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArgs, {
      cwd: workspaceRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk) => (output = (output + chunk).slice(-100_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    // Two installs in one folder would clash, so this one must not outlive its parent.
    let stopped = false;
    const stop = (signal) => {
      stopped = true;
      child.kill(signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    const forget = () => {
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
    };
    child.once('error', (error) =>
      reject(new BootstrapError(`npm could not be run (${error.message}); is it on the PATH?`)),
    );
    child.once('close', (code, signal) => {
      forget();
      if (stopped)
        return reject(
          new BootstrapError('The install was interrupted; it begins anew the next time.'),
        );
      if (code === 0) return resolve();
      const words = essence(output);
      const end = signal ?? `exit code ${code}`;
      reject(
        new BootstrapError(
          `${words}\nThe dependencies could not be installed (npm ci: ${end}). ` +
            'Check the network and the messages above, and try again.',
        ),
      );
    });
  });
}

/** npm names the cause first, and then explains itself at length. */
function essence(output) {
  const lines = output.trimEnd().split('\n');
  const errors = lines.filter((line) => line.startsWith('npm error'));
  return (errors.length > 0 ? errors : lines).slice(0, OUTPUT_LINES_SHOWN).join('\n');
}

function checkPlatformNode() {
  const run = spawnSync(platformNode, ['--version'], { encoding: 'utf8' });
  if (run.status === 0) return;
  throw new BootstrapError(
    `The Node that npm should have installed does not run (${platformNode}: ` +
      `${run.error?.message ?? run.stderr.trim()}). Install scripts must be allowed for the ` +
      'package "node" (npm config get ignore-scripts), and the system be one of those in README.md.',
  );
}
