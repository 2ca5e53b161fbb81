import pg from 'pg';

/** All durations in milliseconds; the defaults are those of the compose stack (infra/postgres). */
export interface RoleTimeouts {
  /** A statement may run this long; default 10,000. */
  readonly statementTimeoutMs?: number;
  /** A statement may wait this long for a lock; default 3,000. */
  readonly lockTimeoutMs?: number;
  /** A transaction may do nothing for this long; default 15,000. */
  readonly idleInTransactionTimeoutMs?: number;
}

/**
 * The SQL that gives a role its timeouts, for whoever provisions roles. They belong to the role since
 * PgBouncer drops them when a client sends them at its start; new connections have them.
 */
export function roleTimeoutsSql(role: string, timeouts: RoleTimeouts = {}): string {
  const settings = {
    statement_timeout: timeouts.statementTimeoutMs ?? 10_000,
    lock_timeout: timeouts.lockTimeoutMs ?? 3_000,
    idle_in_transaction_session_timeout: timeouts.idleInTransactionTimeoutMs ?? 15_000,
  };
  return Object.entries(settings)
    .map(([name, ms]) => `ALTER ROLE ${pg.escapeIdentifier(role)} SET ${name} = ${Math.trunc(ms)};`)
    .join('\n');
}

/** Runs `roleTimeoutsSql` over a connection that may alter the role. */
export async function setRoleTimeouts(
  client: { query(text: string): Promise<unknown> },
  role: string,
  timeouts?: RoleTimeouts,
): Promise<void> {
  await client.query(roleTimeoutsSql(role, timeouts));
}
