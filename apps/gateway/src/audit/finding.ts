/**
 * How bad a finding is. An error fails every check, a warning a strict one; a note is for whoever
 * reads it.
 */
export type Severity = 'error' | 'warning' | 'note';

/** Something in a valid configuration that somebody should look at. */
export interface Finding {
  /** A word to ignore it by: `no-timeout`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}
