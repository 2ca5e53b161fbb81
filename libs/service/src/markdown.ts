import { describeConfig } from './config.ts';
import type { ConfigShape } from './config.ts';
import { ERRORS } from './errors.ts';

/** The error catalogue as a Markdown table, for the reference. */
export function errorsMarkdown(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, retryable }]) =>
      `| \`${code}\` | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  return table(['code', 'status', 'title', 'worth a retry'], rows);
}

/** The variables of a process as a Markdown table, for the reference. */
export function configMarkdown(shape: ConfigShape): string {
  const rows = describeConfig(shape).map((row) => {
    const names = row.secret ? `\`${row.name}\` or \`${row.name}_FILE\`` : `\`${row.name}\``;
    const standard =
      row.default !== undefined ? `\`${row.default}\`` : row.required ? 'required' : '–';
    return `| ${names} | ${cell(row.type)} | ${standard} | ${cell(row.description)} |`;
  });
  return table(['variable', 'type', 'default', 'meaning'], rows);
}

function table(headings: readonly string[], rows: readonly string[]): string {
  const head = `| ${headings.join(' | ')} |`;
  return [head, `|${'---|'.repeat(headings.length)}`, ...rows, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
