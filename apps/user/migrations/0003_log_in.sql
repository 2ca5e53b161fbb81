-- Up Migration

CREATE TABLE credentials (
  user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  -- A PHC string: algorithm, cost and salt beside the hash, so that the cost can be raised later.
  password_hash text NOT NULL CHECK (char_length(password_hash) <= 255),
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- The keys that tokens are signed with: every replica signs with the same one.
CREATE TABLE signing_keys (
  generation integer PRIMARY KEY,
  private_jwk json NOT NULL,
  -- Published from the start, used for signing later: by then whoever verifies has learnt of it.
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE signing_keys;
DROP TABLE credentials;
