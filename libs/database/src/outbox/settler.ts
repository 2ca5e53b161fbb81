import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../types.ts';
import { type FailedRow, noteFailures, removeRows } from './rows.ts';

/** Writes down what became of rows: what piles up during one statement goes into the next. */
export interface Settler {
  sent(id: string): void;
  failed(row: FailedRow): void;
  /** Resolves when nothing is left to write. */
  idle(): Promise<void>;
  /** Gives up what cannot be written. */
  abandon(): void;
}

export interface SettlerOptions {
  readonly database: Queryable;
  /** These rows are done with. */
  settled(ids: readonly string[]): void;
  /** Called with what the database said, and with `undefined` when it answers. */
  databaseState(error: unknown): void;
}

/** Under load, one statement for several rows; a row that is sent costs nobody time. */
const lingerMs = 20;

/** More than this in one statement would hold its locks for long. */
const statementRows = 1_000;

export function createSettler({ database, settled, databaseState }: SettlerOptions): Settler {
  let sentIds: string[] = [];
  let failures: FailedRow[] = [];
  let abandoned = false;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    for (;;) {
      // What is settled meanwhile goes along.
      await sleep(lingerMs);
      if (abandoned || sentIds.length + failures.length === 0) break;
      try {
        await writeSome();
        databaseState(undefined);
      } catch (error) {
        databaseState(error);
        await sleep(200);
      }
    }
    writing = undefined;
  }

  async function writeSome(): Promise<void> {
    const ids = sentIds.slice(0, statementRows);
    if (ids.length > 0) {
      await removeRows(database, ids);
      sentIds = sentIds.slice(ids.length);
      settled(ids);
    }
    const rows = failures.slice(0, statementRows);
    if (rows.length > 0) {
      await noteFailures(database, rows);
      failures = failures.slice(rows.length);
      settled(rows.map(({ id }) => id));
    }
  }

  const start = () => {
    writing ??= write();
  };
  return {
    sent(id) {
      sentIds.push(id);
      start();
    },
    failed(row) {
      failures.push(row);
      start();
    },
    idle: async () => {
      while (writing) await writing;
    },
    abandon() {
      abandoned = true;
    },
  };
}
