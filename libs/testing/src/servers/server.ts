/** A server of one's own, which a test may kill, freeze and bring back on the same port. */
export interface RestartableServer {
  readonly url: string;
  /** Kills it without warning (as `kill -9`). */
  stop(): Promise<void>;
  /** Starts it again with the data it had; resolves once it answers. */
  start(): Promise<void>;
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** What is known of a kind of server. */
export interface ServerKind {
  readonly name: 'redis' | 'rabbit';
  readonly image: string;
  /** Ports inside the container; the first is the one of the url. */
  readonly containerPorts: readonly number[];
  readonly containerArguments: readonly string[];
  readonly binary: string;
  /** How the binary of this machine is run on these ports and folder. */
  local(ports: readonly number[], directory: string): LocalCommand;
  url(port: number): string;
  ready(port: number, signal?: AbortSignal): Promise<void>;
  /** Whether a server of this kind, usable by tests, listens on its usual port of this machine. */
  runsHere(): Promise<boolean>;
}

export interface LocalCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A server that is starting, and the ports it was published on, in the order of `containerPorts`. */
export interface StartedServer extends RestartableServer {
  readonly ports: readonly number[];
  /** Resolves once it answers; rejects when it cannot be started or is closed before. */
  readonly ready: Promise<void>;
}
