import { code, table } from './table.ts';

/** As much of a JSON Schema as a table of options shows. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/**
 * The options of an object as a Markdown table, those of objects in it included: `probe.path`,
 * `headers.NAME`, `items[].id`. `leaveOut` names what is shown elsewhere.
 */
export function schemaTable(schema: Schema, leaveOut: readonly string[] = []): string {
  const rows = rowsOf(schema, '', leaveOut);
  if (rows.length === 0) return 'It has no options.';
  return table(['option', 'value', 'default', 'meaning'], rows);
}

function rowsOf(schema: Schema, prefix: string, leaveOut: readonly string[] = []): string[][] {
  const named = Object.entries(schema.properties ?? {}).map(
    ([name, option]) => [name, option, schema.required?.includes(name) ?? false] as const,
  );
  const any = schema.additionalProperties;
  const all =
    typeof any === 'object' && Object.keys(any).length > 0
      ? [...named, ['NAME', any, false] as const]
      : named;
  return all
    .filter(([name]) => !leaveOut.includes(name))
    .flatMap(([name, option, required]) => {
      const path = prefix + name;
      const standard = option.default === undefined ? '–' : code(JSON.stringify(option.default));
      return [
        [code(path), valueOf(option), required ? 'required' : standard, option.description ?? ''],
        ...rowsInside(option, path),
      ];
    });
}

function rowsInside(option: Schema, path: string): string[][] {
  const branches = [option, ...branchesOf(option)];
  return branches.flatMap((branch) => [
    ...rowsOf(branch, `${path}.`),
    ...(branch.items === undefined ? [] : rowsInside(branch.items, `${path}[]`)),
  ]);
}

function branchesOf({ then, else: otherwise, oneOf = [], anyOf = [] }: Schema): Schema[] {
  return [then, otherwise, ...oneOf, ...anyOf].filter((branch) => branch !== undefined);
}

/** What may be written, in words: `integer, 1–65535`, `"open" or "closed"`, `list of string`. */
function valueOf(schema: Schema): string {
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => code(JSON.stringify(value))).join(', ');
  }
  if (schema.items !== undefined) return `list of ${valueOf(schema.items)}`;
  if (schema.type !== undefined) {
    const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
    return types.join(' or ') + boundsOf(schema);
  }
  const branches = branchesOf(schema).map(valueOf);
  return branches.length > 0 ? [...new Set(branches)].join(' or ') : 'any';
}

function boundsOf({ minimum, maximum }: Schema): string {
  if (minimum === undefined && maximum === undefined) return '';
  if (maximum === undefined) return `, from ${minimum}`;
  return minimum === undefined ? `, to ${maximum}` : `, ${minimum}–${maximum}`;
}
