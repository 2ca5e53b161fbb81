-- Up Migration

-- The catalogue's descriptions. A copy that was made without them is asked for anew, and its versions
-- go back by one so that the answer changes it; until then they are empty.
ALTER TABLE product_copies ADD COLUMN description text NOT NULL DEFAULT '';
UPDATE product_copies SET version = version - 1;
INSERT INTO outbox (id, exchange, routing_key, body, headers, mandatory)
SELECT gen_random_uuid(), 'woodytoys.commands', 'catalogue.requested', '{}', '{}', true
WHERE EXISTS (SELECT FROM product_copies);

-- Down Migration

ALTER TABLE product_copies DROP COLUMN description;
