import type { components } from './contract.ts';
import { toAmount, toCents } from './money.ts';

type Schemas = components['schemas'];

/** Best sellers that are given for one shop, and over all shops. */
export const shopBestSellers = 5;
export const allBestSellers = 10;

/** Totals as SQL counts them. */
export interface TotalsRow {
  readonly sales: number;
  readonly unitsSold: number;
  readonly revenueCents: number;
  readonly stockUnits: number;
  readonly stockCents: number;
}

export interface BestSellerRow {
  readonly productId: number;
  /** Null while the product's copy has not come. */
  readonly productName: string | null;
  readonly unitsSold: number;
  readonly revenueCents: number;
  /** What the shop has left. */
  readonly stock?: number;
}

export function presentTotals(row: TotalsRow): Schemas['Totals'] {
  const { sales, unitsSold, revenueCents, stockUnits, stockCents } = row;
  return {
    sales,
    unitsSold,
    revenue: toAmount(revenueCents),
    stockUnits,
    stockValue: toAmount(stockCents),
  };
}

export function presentBestSeller(row: BestSellerRow): Schemas['BestSeller'] {
  const { productId, productName, unitsSold, revenueCents, stock } = row;
  const figures = { productId, productName, unitsSold, revenue: toAmount(revenueCents) };
  return stock === undefined ? figures : { ...figures, stock };
}

/** The totals over all shops; summed in cents, because binary fractions do not sum exactly. */
export function sumTotals(shops: readonly Schemas['ShopFigures'][]): Schemas['Totals'] {
  const sum = { sales: 0, unitsSold: 0, revenueCents: 0, stockUnits: 0, stockCents: 0 };
  for (const { totals } of shops) {
    sum.sales += totals.sales;
    sum.unitsSold += totals.unitsSold;
    sum.revenueCents += toCents(totals.revenue);
    sum.stockUnits += totals.stockUnits;
    sum.stockCents += toCents(totals.stockValue);
  }
  return presentTotals(sum);
}
