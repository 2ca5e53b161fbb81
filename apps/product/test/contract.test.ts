import { readFileSync } from 'node:fs';
import { checkContract, parseContract } from '@woodytoys/service';
import openapiTS, { COMMENT_HEADER, astToString } from 'openapi-typescript';
import { describe, expect, it } from 'vitest';

describe('the contract', () => {
  it('has only schemas that compile', () => {
    const text = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8');
    const contract = parseContract(text);
    expect(() => checkContract(contract)).not.toThrow();
    expect(contract.operations.map(({ id }) => id).toSorted()).toEqual([
      'changeProduct',
      'createProduct',
      'deleteProduct',
      'getLastProduct',
      'getProduct',
      'listProducts',
      'replaceProduct',
    ]);
  });

  it('is what src/contract.ts was generated from; npm run contract does it anew', async () => {
    const generated = astToString(await openapiTS(new URL('../openapi.yaml', import.meta.url)));
    const kept = readFileSync(new URL('../src/contract.ts', import.meta.url), 'utf8');
    expect(kept).toBe(`${COMMENT_HEADER}${generated}`);
  });
});
