/** Ctrl-C may come twice at once, by the terminal and by npm that passes it on. */
const sameRequestMs = 750;

export interface StopRequest {
  /** Resolves when the process is to end: by a signal, by the bootstrap, or because that has gone. */
  readonly asked: Promise<void>;
  /** Resolves when it was asked for again: do not wait any longer. */
  readonly urged: Promise<void>;
  /** Whether it has been asked for. */
  readonly pending: boolean;
}

/** Listens for everything that asks this process to end, from now on. */
export function listenForStop(): StopRequest {
  const asked = Promise.withResolvers<void>();
  const urged = Promise.withResolvers<void>();
  let firstAt: number | undefined;

  function onSignal(): void {
    if (firstAt === undefined) onRequest();
    else if (Date.now() - firstAt > sameRequestMs) urged.resolve();
  }
  function onRequest(): void {
    firstAt ??= Date.now();
    asked.resolve();
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  process.on('message', (message) => {
    if (message === 'stop') onRequest();
  });
  process.on('disconnect', onRequest);
  // Neither the listener nor the channel is a reason to stay.
  process.channel?.unref();

  return {
    asked: asked.promise,
    urged: urged.promise,
    get pending() {
      return firstAt !== undefined;
    },
  };
}
