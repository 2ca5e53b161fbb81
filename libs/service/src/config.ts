import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { FieldFacts } from './config-fields.ts';

/** The variables of a process: each name with its schema, made with the functions of this library. */
export type ConfigShape = Readonly<Record<string, z.ZodType>>;

export type ConfigOf<Shape extends ConfigShape> = {
  readonly [Name in keyof Shape]: z.output<Shape[Name]>;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that is not as it has to be. */
export interface ConfigurationMistake {
  readonly variable: string;
  readonly message: string;
}

/** The environment does not fit the schema; holds every mistake. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly mistakes: readonly ConfigurationMistake[];

  constructor(mistakes: readonly ConfigurationMistake[]) {
    const lines = mistakes.map(({ variable, message }) => `  ${variable}: ${message}`);
    super(`The environment is not valid; correct these variables:\n${lines.join('\n')}`);
    this.mistakes = mistakes;
  }
}

/**
 * Reads the variables of `shape`; all others are left alone. An empty variable counts as not set.
 * @throws ConfigurationError naming every variable that is missing or wrong.
 */
export function readConfig<Shape extends ConfigShape>(
  shape: Shape,
  environment: Environment,
): ConfigOf<Shape> {
  const mistakes: ConfigurationMistake[] = [];
  const values: Record<string, unknown> = {};
  for (const [variable, schema] of Object.entries(shape)) {
    const facts = factsOf(schema);
    const read = readVariable(variable, facts, environment);
    if ('message' in read) {
      mistakes.push({ variable, message: read.message });
      continue;
    }
    const result = schema.safeParse(read.value);
    if (result.success) values[variable] = result.data;
    else mistakes.push({ variable, message: mistakeOf(variable, facts, read.value, result.error) });
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return values as ConfigOf<Shape>;
}

function readVariable(
  variable: string,
  { secret }: FieldFacts,
  environment: Environment,
): { readonly value: string | undefined } | { readonly message: string } {
  const value = environment[variable] || undefined;
  const path = secret ? environment[`${variable}_FILE`] || undefined : undefined;
  if (path === undefined) return { value };
  if (value !== undefined) {
    return { message: `is set, and ${variable}_FILE too; set one of them` };
  }
  try {
    // Editors and `echo` end a file with a newline that is no part of the secret.
    return { value: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    return { message: `cannot read the file ${path} (${(error as Error).message})` };
  }
}

function mistakeOf(
  variable: string,
  { expected, secret }: FieldFacts,
  value: string | undefined,
  error: z.ZodError,
): string {
  const wanted = expected ?? error.issues.map(({ message }) => message).join('; ');
  const given =
    value === undefined
      ? `it is not set${secret ? ` (nor is ${variable}_FILE)` : ''}`
      : secret
        ? 'it has a value that does not fit (not shown, it is a secret)'
        : `it is ${JSON.stringify(value)}`;
  return `expected ${wanted}, but ${given}`;
}

/** One variable, for the reference. */
export interface ConfigRow {
  readonly name: string;
  readonly type: string;
  /** Undefined when the variable has to be given, or may be left out. */
  readonly default: string | undefined;
  readonly required: boolean;
  readonly secret: boolean;
  readonly description: string;
}

/** The variables of `shape`, for the reference. */
export function describeConfig(shape: ConfigShape): ConfigRow[] {
  return Object.entries(shape).map(([name, schema]) => {
    const facts = factsOf(schema);
    const standard = schema.safeParse(undefined);
    return {
      name,
      type: facts.expected ?? schema.type,
      default: standard.success && standard.data !== undefined ? String(standard.data) : undefined,
      required: !standard.success,
      secret: facts.secret ?? false,
      description: facts.description ?? '',
    };
  });
}

/** The facts of a field, also through `optional()` and `default()`. */
function factsOf(schema: z.ZodType): FieldFacts {
  const inner =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
      ? factsOf(schema.unwrap() as z.ZodType)
      : {};
  return { ...inner, ...(schema.meta() as FieldFacts | undefined) };
}
