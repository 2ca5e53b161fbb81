/** Long enough to learn that the errors are those of an end already on its way. */
const holdMs = 500;
const repeatMs = 10_000;

export interface Terminal {
  /** A line for the person who started it. */
  tell(line: string): void;
  /** An error line of a service's log; shown a moment later, and the same one not again and again. */
  showError(jsonLine: string): void;
  /** From here on errors of services go to the log file only: they end because they are told to. */
  quiet(): void;
}

/** What the person sees. Lines that nobody reads any more (a closed pipe) are no error. */
export function createTerminal(out: NodeJS.WriteStream, errors: NodeJS.WriteStream): Terminal {
  for (const stream of [out, errors]) stream.on('error', () => {});
  const shownAt = new Map<string, number>();
  let quiet = false;

  function show(text: string): void {
    const now = Date.now();
    if (quiet || now - (shownAt.get(text) ?? -Infinity) < repeatMs) return;
    if (shownAt.size > 1000) shownAt.clear();
    shownAt.set(text, now);
    errors.write(`${text}\n`);
  }

  return {
    tell: (line) => void out.write(`${line}\n`),
    showError(jsonLine) {
      const text = summaryOf(jsonLine);
      setTimeout(() => show(text), holdMs).unref();
    },
    quiet() {
      quiet = true;
    },
  };
}

function summaryOf(jsonLine: string): string {
  const line = JSON.parse(jsonLine) as {
    service?: string;
    msg?: string;
    err?: { message?: string };
    error?: { message?: string };
  };
  const cause = line.err?.message ?? line.error?.message;
  const parts = [line.msg, cause].filter((part) => part !== undefined && part !== '');
  return `error  ${line.service ?? 'platform'}: ${parts.join(': ')}`;
}
