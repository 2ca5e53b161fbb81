/** What a person sees of a lab: one line of progress that is written over, and results that stay. */
export interface Screen {
  /** A line that stays. */
  tell(line: string): void;
  /** The line of progress; on what is no terminal only when it says something else than before. */
  progress(what: string, left: string): void;
  /** Clears the line of progress. */
  clear(): void;
}

export function createScreen(output: {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}): Screen {
  const terminal = output.isTTY === true;
  let before = '';
  const clear = () => {
    if (terminal) output.write('\r\u001B[K');
  };
  return {
    tell(line) {
      clear();
      output.write(`${line}\n`);
    },
    progress(what, left) {
      if (terminal) {
        const line = [what, left].filter(Boolean).join(' · ');
        output.write(`\r\u001B[K${line.slice(0, (output.columns ?? 80) - 1)}`);
      } else if (what !== before) {
        output.write(`${what}\n`);
      }
      before = what;
    },
    clear,
  };
}

/** "41 s", "12 min" or "2 h 5 min". */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}
