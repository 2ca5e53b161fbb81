import type { components } from './contract.ts';
import { formatAmount, toCents } from './money.ts';

type Schemas = components['schemas'];
type Cell = string | number | null;

const header = [
  ...['record', 'shop_id', 'shop', 'rank', 'product_id', 'product'],
  ...['sales', 'units_sold', 'revenue', 'stock_units', 'stock_value'],
];

/** A report as a table: RFC 4180, with a header line; the contract says what the lines are. */
export function reportCsv({ shops, totals, bestSellers }: Schemas['ReportResult']): string {
  const lines = [header, ...shops.map(shopLine), totalLine(totals)];
  for (const { store, bestSellers: ofShop } of shops) {
    lines.push(
      ...ofShop.map((seller, index) => sellerLine('shop_best_seller', seller, index + 1, store)),
    );
  }
  lines.push(...bestSellers.map((seller, index) => sellerLine('best_seller', seller, index + 1)));
  return lines.map((cells) => `${cells.map(csvField).join(',')}\r\n`).join('');
}

function shopLine({ store, totals }: Schemas['ShopFigures']): Cell[] {
  return ['shop', store.id, store.name, null, null, null, ...figures(totals)];
}

function totalLine(totals: Schemas['Totals']): Cell[] {
  return ['total', null, null, null, null, null, ...figures(totals)];
}

function figures({ sales, unitsSold, revenue, stockUnits, stockValue }: Schemas['Totals']): Cell[] {
  return [sales, unitsSold, amount(revenue), stockUnits, amount(stockValue)];
}

function sellerLine(
  record: string,
  { productId, productName, unitsSold, revenue }: Schemas['BestSeller'],
  rank: number,
  store?: Schemas['Store'],
): Cell[] {
  const shop = [store?.id ?? null, store?.name ?? null];
  const product = [rank, productId, productName];
  return [record, ...shop, ...product, null, unitsSold, amount(revenue), null, null];
}

function amount(value: number): string {
  return formatAmount(toCents(value));
}

/**
 * A field of a line. A text that a spreadsheet would take for a formula gets an apostrophe before
 * it (OWASP, "CSV Injection"); quotes are put where RFC 4180 needs them.
 */
export function csvField(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const guarded = /^[=+\-@\t\r\n＝＋－＠]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
