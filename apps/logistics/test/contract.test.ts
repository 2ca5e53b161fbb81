import { readFileSync } from 'node:fs';
import { checkContract, parseContract } from '@woodytoys/service';
import { describe, expect, it } from 'vitest';

describe('the contract', () => {
  it('has only schemas that compile', () => {
    const text = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8');
    const contract = parseContract(text);
    expect(() => checkContract(contract)).not.toThrow();
    expect(contract.operations.map(({ id }) => id).toSorted()).toEqual([
      'followReport',
      'getConsolidatedReport',
      'getReport',
      'getReportCsv',
      'getStore',
      'getStoreAnalytics',
      'listRestocks',
      'listSales',
      'listStock',
      'listStoreSales',
      'listStores',
      'recordRestock',
      'recordSale',
      'requestReport',
    ]);
  });
});
