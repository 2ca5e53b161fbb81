import type { ReadFiles } from './read-files.ts';

/** How often the files are looked at: a change is used one to two of these after its last byte. */
const INTERVAL_MS = 500;
/** Looking takes at most this part of the time, whatever an `include` searches. */
const LONGEST_SHARE = 1 / 20;

export interface WatchOptions {
  /** What the last load has read; one that was refused too, so that it is not tried again as it is. */
  readonly files: () => ReadFiles | undefined;
  readonly onChange: () => Promise<void>;
  readonly intervalMs?: number;
}

/**
 * Calls `onChange` when files were changed, added or removed and have then stayed the same from one
 * look to the next: a file that is being written is not read. They are looked at in turn, since
 * events of the file system tell neither the swap of a symbolic link in their path (Kubernetes), nor
 * a change on the other side of a mount (Docker on macOS and Windows). The result ends it.
 */
export function watchFiles({
  files,
  onChange,
  intervalMs = INTERVAL_MS,
}: WatchOptions): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout;
  let before: string | undefined;

  async function look(): Promise<void> {
    const startedAt = performance.now();
    const change = await files()?.change();
    if (stopped) return;
    if (change !== undefined && change === before) await onChange();
    before = change;
    const tookMs = performance.now() - startedAt;
    schedule(Math.max(intervalMs, tookMs / LONGEST_SHARE));
  }

  function schedule(delayMs: number): void {
    if (stopped) return;
    timer = setTimeout(() => void look(), delayMs);
    timer.unref();
  }

  schedule(intervalMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
