import type { Logger } from 'pino';

export interface ShutdownOptions {
  readonly log: Logger;
  /** How long the process goes on accepting once readiness fails: over the discovery interval; 3 s. */
  readonly drainDelayMs?: number;
  /** From the signal to the end; past it the process exits with 1; 20 s. */
  readonly shutdownTimeoutMs?: number;
  /** `process.exit` unless given. */
  readonly exit?: (code: number) => void;
}

/** The orderly end of a process. */
export interface Shutdown {
  /** Aborted when the end begins; what starts up or waits should give up then. */
  readonly signal: AbortSignal;
  /** Adds what makes others stop sending work: readiness, `Connection: close`. Done at once. */
  onDrain(drain: () => void): void;
  /** Adds what ends a part; done in reverse order, so what was made first ends last. */
  onStop(name: string, stop: () => Promise<void>): void;
  /** Begins the end; resolves when the process is about to exit. Later calls join the first. */
  begin(reason: string, exitCode?: number): Promise<void>;
}

/**
 * Ends a process in order: drain → wait → stop every part → exit. A part that fails is logged and
 * makes the exit code 1, and the others are still stopped.
 */
export function createShutdown({
  log,
  drainDelayMs = 3_000,
  shutdownTimeoutMs = 20_000,
  exit = (code) => process.exit(code),
}: ShutdownOptions): Shutdown {
  const drains: (() => void)[] = [];
  const stops: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  const controller = new AbortController();
  let ending: Promise<void> | undefined;

  async function end(reason: string, exitCode: number): Promise<void> {
    const startedAt = performance.now();
    let code = exitCode;
    let step = 'drain';
    log.info({ reason, drainDelayMs, shutdownTimeoutMs }, 'shutdown begins');
    const limit = setTimeout(() => {
      log.fatal({ step, shutdownTimeoutMs }, 'shutdown took too long, exiting with what is left');
      exit(1);
    }, shutdownTimeoutMs);
    controller.abort(new Error(`The process ends: ${reason}`));
    for (const drain of drains) drain();
    if (drains.length > 0) await sleep(drainDelayMs);
    for (let part = stops.pop(); part !== undefined; part = stops.pop()) {
      step = part.name;
      try {
        await part.stop();
      } catch (error) {
        code = 1;
        log.error({ error, step }, 'a part failed to stop');
      }
    }
    clearTimeout(limit);
    log.info(
      { exitCode: code, tookMs: Math.round(performance.now() - startedAt) },
      'shutdown ends',
    );
    exit(code);
  }

  return {
    signal: controller.signal,
    onDrain: (drain) => void drains.push(drain),
    onStop: (name, stop) => void stops.push({ name, stop }),
    begin: (reason, exitCode = 0) => (ending ??= end(reason, exitCode)),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

export interface RunOptions extends Omit<ShutdownOptions, 'exit'> {
  /** Builds the process; registers with `shutdown` each part as soon as it exists. */
  readonly start: (shutdown: Shutdown) => Promise<void>;
}

/**
 * Runs a process until SIGTERM or SIGINT, which end it in order with code 0. A second signal exits
 * with 1 at once; so does an error that nobody caught, since the state behind it is unknown. A
 * failing `start` stops what was made and exits with 1.
 */
export async function runProcess({ start, ...options }: RunOptions): Promise<void> {
  const { log } = options;
  const shutdown = createShutdown(options);
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) {
      log.fatal({ signal }, 'second signal, exiting at once');
      process.exit(1);
    }
    void shutdown.begin(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ error, origin }, 'uncaught error, exiting');
    process.exit(1);
  });
  try {
    await start(shutdown);
  } catch (error) {
    // Giving up a start is what a signal asks for.
    if (shutdown.signal.aborted) return;
    log.fatal({ error }, 'start failed');
    await shutdown.begin('start failed', 1);
  }
}
