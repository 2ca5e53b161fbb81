import { describe, expect, it } from 'vitest';
import { querySummary } from '../src/query-summary.ts';

describe('the summary of a statement', () => {
  it.each([
    ['SELECT 1', 'SELECT'],
    ['SELECT id FROM reports WHERE id = $1', 'SELECT reports'],
    ['INSERT INTO reports (id) VALUES ($1) RETURNING id', 'INSERT reports'],
    ['INSERT INTO a (x) SELECT x FROM b JOIN c ON true', 'INSERT a SELECT b c'],
    ['insert into outbox\n  (id) SELECT * FROM unnest($1::uuid[])', 'INSERT outbox SELECT'],
    ['DELETE FROM outbox WHERE id = ANY ($1)', 'DELETE outbox'],
    ['UPDATE a SET x = (SELECT count(*) FROM b)', 'UPDATE a SELECT b'],
    [
      'WITH done AS (UPDATE a SET x = 1 RETURNING y) INSERT INTO b SELECT y FROM done',
      'UPDATE a INSERT b SELECT',
    ],
    ['SELECT id FROM a ORDER BY id FOR UPDATE SKIP LOCKED', 'SELECT a'],
    ['INSERT INTO a (x) VALUES ($1) ON CONFLICT (x) DO UPDATE SET x = 1', 'INSERT a'],
    ['SELECT extract(epoch FROM now()) FROM "Ships"', 'SELECT Ships'],
    ["SELECT id FROM a WHERE note = 'it''s FROM secrets' -- FROM c", 'SELECT a'],
    ['SHOW statement_timeout', 'SHOW'],
    ['', ''],
  ])('%s', (text, summary) => {
    expect(querySummary(text)).toBe(summary);
  });

  it('has no value that somebody wrote into the text', () => {
    const summary = querySummary("UPDATE users SET password = 'hunter2' WHERE id = 42");
    expect(summary).toBe('UPDATE users');
  });
});
