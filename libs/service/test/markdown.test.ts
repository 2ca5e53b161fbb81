import { describe, expect, it } from 'vitest';
import { ERRORS, errorsMarkdown } from '../src/index.ts';

describe('the reference of errors', () => {
  it('has a row for each code', () => {
    const lines = errorsMarkdown().trimEnd().split('\n');
    expect(lines).toHaveLength(2 + Object.keys(ERRORS).length);
    expect(lines).toContain('| `WT-UNAVAILABLE` | 503 | The service cannot answer now | yes |');
    for (const line of lines) expect(line.match(/\|/g)).toHaveLength(5);
  });
});
