-- Up Migration

-- Ids of messages already applied, saved in the same transaction as their effect. This text is
-- @woodytoys/database's sql/inbox.sql; each service that consumes has a copy as a migration.
CREATE TABLE inbox (
  consumer text NOT NULL,
  message_id text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_by_age ON inbox (applied_at);

-- Down Migration

DROP TABLE inbox;
