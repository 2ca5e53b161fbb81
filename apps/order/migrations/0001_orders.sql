-- Up Migration

CREATE TABLE orders (
  -- UUIDv7
  id uuid PRIMARY KEY,
  product text NOT NULL CHECK (char_length(product) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'validated', 'refused')),
  -- Why it was refused.
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  decided_at timestamptz,
  CHECK ((status = 'pending') = (decided_at IS NULL)),
  CHECK ((status = 'refused') = (reason IS NOT NULL))
) WITH (fillfactor = 80);

-- Counted at each scrape: what waits is few, and what was decided is looked at for the last hour only.
CREATE INDEX orders_pending ON orders (id) WHERE status = 'pending';
CREATE INDEX orders_decided ON orders (decided_at, status) WHERE decided_at IS NOT NULL;

-- Down Migration

DROP TABLE orders;
