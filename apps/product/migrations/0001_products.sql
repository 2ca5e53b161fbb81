-- Up Migration

-- A deleted product keeps its row, so that its version goes on growing and a late message about an
-- older version is recognised as such by everyone who keeps a copy.
CREATE TABLE products (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  price numeric(12, 2) NOT NULL CHECK (price >= 0),
  description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 2000),
  category text NOT NULL CHECK (char_length(category) BETWEEN 1 AND 50),
  version bigint NOT NULL DEFAULT 1 CHECK (version >= 1),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz
);

CREATE INDEX products_on_sale ON products (id) WHERE deleted_at IS NULL;
CREATE INDEX products_on_sale_by_category ON products (category, id) WHERE deleted_at IS NULL;

-- Down Migration

DROP TABLE products;
