import { relative, resolve } from 'node:path';
import type { ConfigSource } from './source.ts';
import type { Mistake } from './types.ts';

/** Where a part of the configuration was written. */
export interface Origin {
  readonly source: ConfigSource;
  /** Within the source. */
  readonly pointer: string;
}

/** A mistake at the place `inside` of what has this origin. */
export function mistakeOf({ source, pointer }: Origin, inside: string, message: string): Mistake {
  return { file: shortName(source.file), line: source.lineOf(pointer + inside), message };
}

/** As somebody in the working directory would name it. */
export function shortName(file: string): string {
  const name = relative(process.cwd(), resolve(file));
  return name.startsWith('..') ? file : name;
}
