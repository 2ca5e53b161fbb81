import type { Identity } from '../identity.ts';
import type { Command } from '../programs.ts';

/** What a candidate is started with. */
export interface CandidateContext {
  /** Where it has to listen, on 127.0.0.1. */
  readonly port: number;
  /** A port of its own for whatever else it serves. */
  readonly privatePort: number;
  /** The backend's, on 127.0.0.1. */
  readonly backendPort: number;
  /** A folder of its own, for its configuration. */
  readonly directory: string;
  readonly identity: Identity;
  /** Undefined when there is none on this machine. */
  readonly redisUrl: string | undefined;
}

/** How it is started, and what of it is worth a line in the report. */
export interface Launch {
  readonly command: Command;
  readonly env?: Readonly<Record<string, string>>;
  /** What is switched on, or which version it is. */
  readonly note: string;
}

/** Something that passes requests on to the backend. */
export interface Candidate {
  /** As `--only` names it. */
  readonly key: string;
  readonly title: string;
  /** Writes what it needs into the folder; a text says why it cannot be started here. */
  launch(context: CandidateContext): Promise<Launch | string>;
}
