import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { platformNode, workspaceRoot } from '../bootstrap/workspace.mjs';
import { allowedSkips } from './allowed-skips.mjs';
import { judge } from './verdict.mjs';

const vitest = join(workspaceRoot, 'node_modules', 'vitest', 'vitest.mjs');
const reporter = join(workspaceRoot, 'scripts', 'testing', 'summary-reporter.mjs');

/**
 * Runs vitest over every project and prints what came of it.
 *
 * @param {readonly string[]} args passed on, such as `--project user`
 * @returns {Promise<number>} the exit code
 */
export async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'woodytoys-test-'));
  try {
    const summaryFile = join(folder, 'summary.json');
    const exitCode = await vitestExit(args, summaryFile);
    const verdict = judge(readSummary(summaryFile), {
      strict: process.env.CI === 'true' || process.env.CI === '1',
      selected: args.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg)),
      exitCode,
      allowedSkips,
    });
    console.log(verdict.lines.join('\n'));
    return verdict.ok ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function vitestExit(args, summaryFile) {
  const reporters = ['--reporter=default', `--reporter=${reporter}`];
  const child = spawn(platformNode, [vitest, 'run', ...reporters, ...args], {
    cwd: workspaceRoot,
    stdio: 'inherit',
    env: { ...process.env, WOODYTOYS_TEST_SUMMARY: summaryFile },
  });
  // Ctrl-C reaches the whole group; here it is only kept from ending this process first.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Vitest writes nothing when it does not come to its end (a bad option, a signal). */
function readSummary(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { passed: 0, failed: 0, skipped: [], errors: ['vitest gave no result'] };
  }
}
