import { readFile } from 'node:fs/promises';
import { LineCounter, isScalar, parseDocument, visit } from 'yaml';
import type { LoadedConfig } from '../config/merge.ts';
import { shortName } from '../config/place.ts';
import type { Finding } from './finding.ts';

/** Names whose value is one. */
const SECRET_NAME =
  /(secret|passwo?r?d|passphrase|token|api[-_]?key|private[-_]?key|credential)s?$/i;
/** Values that are one by their form, with what they are. */
const SECRET_FORMS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\beyJ[\w-]{10,}\.eyJ[\w-]+\.[\w-]+/, 'a token'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an access key'],
  [/^(bearer|basic) +[\w+/.=-]{8,}$/i, 'credentials'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i, 'a password in an address'],
];
/** What the environment gives; a default after `:-` is written in the file. */
const FROM_ENVIRONMENT = /\$\{[A-Za-z_]\w*(?::-)?\}/g;
/** What a template takes from the request or the answer; a default after `|` is written in the file. */
const FROM_TEMPLATE = /^\{\w+(?:\.[\w.-]+)?(?::\w+)?\??\}$/;

/** Secrets that stand in a file, where everybody reads them who may read the configuration. */
export async function findSecrets({ files, contracts }: LoadedConfig): Promise<Finding[]> {
  const ofContracts = new Set([...contracts.values()].map(({ document }) => document.file));
  const own = files.filter((file) => !ofContracts.has(file));
  const found = await Promise.all(
    own.map(async (file) => secretsIn(await readFile(file, 'utf8'), shortName(file))),
  );
  return found.flat();
}

/** The same for the text of one file; the values are never repeated. */
function secretsIn(text: string, file: string): Finding[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const findings: Finding[] = [];
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return;
      if (!SECRET_NAME.test(String(key.value)) || isFromElsewhere(value.value)) return;
      tell(`"${String(key.value)}" is written in the file`, value.range?.[0]);
    },
    Scalar(_, { value, range }) {
      if (typeof value !== 'string') return;
      const written = value.replaceAll(FROM_ENVIRONMENT, '');
      const form = SECRET_FORMS.find(([pattern]) => pattern.test(written));
      if (form !== undefined) tell(`${form[1]} is written in the file`, range?.[0]);
    },
  });
  function tell(what: string, offset = 0): void {
    const { line } = lines.linePos(offset);
    const message = `${what}; give it by the environment: \${NAME}`;
    findings.push({ rule: 'secret', severity: 'error', file, line, message });
  }
  return findings;
}

function isFromElsewhere(value: string): boolean {
  return value.replaceAll(FROM_ENVIRONMENT, '').trim() === '' || FROM_TEMPLATE.test(value);
}
