import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A recording rule or an alert of Prometheus. */
export interface Rule {
  /** Seen from the root of the workspace. */
  readonly file: string;
  readonly name: string;
  readonly kind: 'record' | 'alert';
  readonly expr: string;
}

interface RuleFile {
  readonly groups?: readonly {
    readonly rules: readonly { record?: string; alert?: string; expr: string | number }[];
  }[];
}

/** Every rule in `prometheus/`; files without groups (the configuration, tests) have none. */
export function prometheusRules(root: string): Rule[] {
  return globSync('prometheus/**/*.{yml,yaml}', { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const { groups = [] } = parse(readFileSync(join(root, file), 'utf8')) as RuleFile;
      return groups
        .flatMap(({ rules }) => rules)
        .map(({ record, alert, expr }) => ({
          file,
          name: record ?? alert ?? '',
          kind: record === undefined ? ('alert' as const) : ('record' as const),
          expr: String(expr),
        }));
    });
}
