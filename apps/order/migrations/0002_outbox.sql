-- Up Migration

-- Messages saved in the same transaction as the data they tell of. A row leaves when its message is
-- safe. This text is @woodytoys/database's sql/outbox.sql; each service has a copy as a migration.
CREATE TABLE outbox (
  -- UUIDv7: consumers recognise a repeated message by it.
  id uuid PRIMARY KEY,
  exchange text NOT NULL,
  routing_key text NOT NULL,
  -- json keeps the text as it was given, and takes what jsonb refuses (\u0000).
  body json NOT NULL,
  headers json NOT NULL,
  mandatory boolean NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- When a relay may take it: at once, after the lease of the relay that has it, or after a pause.
  -- clock_timestamp(), not now(): of two transactions that wait for each other, the later is later.
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- How often publishing it failed.
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  -- Set when no further attempt is of use; the row is kept until it is redriven.
  dead_at timestamptz
) WITH (
  -- Every row is updated once and deleted within a second: clean up by number, not by share.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE dead_at IS NULL;

-- Down Migration

DROP TABLE outbox;
