-- Up Migration

-- Set for reports that are done or failed only, so these are what the worker removes in the end.
CREATE INDEX reports_by_end ON reports (finished_at) WHERE finished_at IS NOT NULL;

-- Down Migration

DROP INDEX reports_by_end;
