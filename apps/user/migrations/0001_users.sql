-- Up Migration

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username text NOT NULL CHECK (char_length(username) BETWEEN 3 AND 50),
  email text NOT NULL CHECK (char_length(email) <= 254),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX users_username_key ON users (username);
-- Two spellings of one mailbox would be two accounts of one person.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- Down Migration

DROP TABLE users;
