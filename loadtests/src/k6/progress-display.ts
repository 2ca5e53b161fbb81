/** The line of progress: one that changes in a terminal, one now and then in a file. */
const EACH_MS = 10_000;

export interface ProgressDisplay {
  show(line: string): void;
  /** Ends the line, so that what follows begins on its own. */
  end(): void;
}

export function createProgressDisplay(out: NodeJS.WriteStream): ProgressDisplay {
  let shownAt = -Infinity;
  let open = false;
  return {
    show(line) {
      if (out.isTTY) {
        out.write(`\r\x1b[K${line.slice(0, Math.max(20, out.columns - 1))}`);
        open = true;
        return;
      }
      if (performance.now() - shownAt < EACH_MS) return;
      shownAt = performance.now();
      out.write(`${line}\n`);
    },
    end() {
      if (open) out.write('\n');
      open = false;
      shownAt = -Infinity;
    },
  };
}
