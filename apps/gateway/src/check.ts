/**
 * Checks a configuration without starting a gateway: `npx nx run gateway:check -- FILE`. Exits with
 * 0 when it can be used, 1 when it cannot or the audit fails it, 2 when it is asked wrongly.
 */
import { parseArgs } from 'node:util';
import { gatewayConfigFile } from './app.ts';
import type { Finding } from './audit/index.ts';
import { checkConfig } from './audit/checking.ts';
import type { CheckResult } from './audit/checking.ts';
import { linesOf } from './config/errors.ts';

const USAGE = `npx nx run gateway:check -- [FILE] [options]
  FILE            the configuration; gateway.yaml of the gateway unless given
  --strict        warnings of the audit fail the check as well as errors
  --ignore RULE   leaves a rule of the audit out; may be repeated:
                  no-timeout, no-limit, open, order, shadowed, unused-upstream, secret
  --json          prints the result as JSON
\${NAME} in the file is read from the environment, as the gateway does.
`;

const print = (text: string) => process.stdout.write(`${text}\n`);

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      strict: { type: 'boolean', default: false },
      ignore: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (positionals.length > 1) throw new TypeError(`one FILE is checked, not ${positionals.length}`);
  return { ...values, file: positionals[0] ?? gatewayConfigFile };
}

async function check(options: ReturnType<typeof readArguments>): Promise<number> {
  const result = await checkConfig(options.file, process.env);
  const findings = result.findings.filter(({ rule }) => !options.ignore.includes(rule));
  const failing = findings.filter(
    ({ severity }) => severity === 'error' || (options.strict && severity === 'warning'),
  );
  const ok = result.mistakes.length === 0 && failing.length === 0;
  if (options.json) print(JSON.stringify({ ok, ...result, findings }, null, 2));
  else printText({ ...result, findings });
  return ok ? 0 : 1;
}

function printText({ mistakes, findings, routes, files }: CheckResult): void {
  for (const line of linesOf(mistakes)) print(`mistake  ${line}`);
  for (const { severity, file, line, message, rule } of findings) {
    print(`${severity.padEnd(8)} ${file}:${line}  ${message} [${rule}]`);
  }
  if (mistakes.length > 0) print(`\n${count(mistakes.length, 'mistake')}: a gateway refuses it`);
  else {
    const of = (severity: Finding['severity']) =>
      count(findings.filter((finding) => finding.severity === severity).length, severity);
    print(
      `\n${count(routes, 'route')} of ${count(files.length, 'file')}: ${of('error')}, ${of('warning')}, ${of('note')}`,
    );
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

// Nx runs it in the project's folder; FILE is named from the workspace's.
process.chdir(process.env['NX_WORKSPACE_ROOT'] ?? '.');
try {
  const options = readArguments();
  if (options.help) print(USAGE);
  else process.exitCode = await check(options);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
