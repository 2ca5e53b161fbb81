import { CommandFailure } from '../command-failure.ts';

/** What ends a load. */
export class LoadError extends CommandFailure {}
