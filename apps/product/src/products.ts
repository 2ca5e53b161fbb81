import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf, problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { components, operations } from './contract.ts';
import { parseIfMatch, versionTagOf } from './if-match.ts';
import { oneAtATime } from './last-product.ts';
import { parsePrice } from './price.ts';
import type { ProductWriter } from './product-writer.ts';
import { lastKey } from './products-cache.ts';
import type { ProductCache } from './products-cache.ts';
import { selectLast, selectProduct, selectProducts } from './products-repository.ts';
import type { NewProduct, StoredProduct } from './products-repository.ts';
import { notFound } from './refusals.ts';

type Product = components['schemas']['Product'];
type LastProduct = components['schemas']['LastProduct'];
type ProductInput = components['schemas']['ProductInput'];
type ProductPatch = components['schemas']['ProductPatch'];
type ProductPage = components['schemas']['ProductPage'];

export interface ProductsDependencies {
  readonly database: Database;
  readonly cached: ProductCache;
  readonly writer: ProductWriter;
  /** How long the query for the newest product takes, in milliseconds. */
  readonly lastMs: number;
}

/** The operations of the contract. */
export function createProducts({
  database,
  cached,
  writer,
  lastMs,
}: ProductsDependencies): Handlers<operations> {
  /** The list under this key, or what `load` gives. */
  async function list(key: string, load: () => Promise<ProductPage>): Promise<ProductPage> {
    // `load` always gives a page, and so does the cache; the type of the cache does not know.
    return (await cached.lists.get(key, load)) ?? load();
  }

  /** Undefined when there is none. */
  function productOf(id: number): Promise<Product | undefined> {
    return cached.products.get(String(id), async () => {
      const stored = await selectProduct(database, id);
      return stored === undefined ? undefined : present(stored);
    });
  }

  /** Undefined when there is none. */
  async function lastProduct(again = true): Promise<LastProduct | undefined> {
    const last = await cached.last.get(lastKey, loadLast);
    if (last === undefined) return undefined;
    const product = await productOf(last.id);
    if (product !== undefined) return { ...product, count: last.count };
    // It has been deleted, and whoever did so has not forgotten it everywhere yet.
    await cached.last.invalidate(lastKey);
    return again ? lastProduct(false) : undefined;
  }

  // A slow query holds a connection, of which there are few, and every new product asks for another.
  const loadLast = oneAtATime(() => selectLast(database, lastMs));

  return {
    listProducts: async ({ query: { limit = 50, cursor, category } }) => {
      const after = afterOf(cursor);
      const body = await list(`${after}:${limit}:${category ?? ''}`, async () => {
        const rows = await selectProducts(database, { after, limit: limit + 1, category });
        return pageOf(rows.map(present), limit, ({ id }) => ({ productId: id }));
      });
      return { status: 200, body };
    },

    getLastProduct: async () => {
      const product = await lastProduct();
      if (product === undefined) throw problem('WT-RESOURCE-NOT-FOUND', 'There is no product yet.');
      return found(product);
    },

    getProduct: async ({ params: { id } }) => {
      const product = await productOf(id);
      if (product === undefined) throw notFound(id);
      return found(product);
    },

    createProduct: async ({ body }) => {
      const input = readInput(body);
      const product = present(await writer.add(input));
      return {
        status: 201,
        headers: {
          Location: `/api/products/${product.id}`,
          ETag: versionTagOf(product.version),
        },
        body: product,
      };
    },

    replaceProduct: async ({ params: { id }, body, request }) => {
      const fields = readInput(body);
      const expected = parseIfMatch(request.headers['if-match']);
      return found(present(await writer.change({ id, expected, fields })));
    },

    changeProduct: async ({ params: { id }, body, request }) => {
      const fields = readPatch(body);
      const expected = parseIfMatch(request.headers['if-match']);
      return found(present(await writer.change({ id, expected, fields })));
    },

    deleteProduct: async ({ params: { id }, request }) => {
      await writer.remove(id, parseIfMatch(request.headers['if-match']));
      return { status: 204 };
    },
  };
}

function found<Body extends Product>(
  product: Body,
): { status: 200; headers: Record<string, string>; body: Body } {
  return { status: 200, headers: { ETag: versionTagOf(product.version) }, body: product };
}

/** The id after which a page begins; ids begin at 1. */
function afterOf(cursor: string | undefined): number {
  return cursor === undefined ? 0 : decodeCursor(cursor, { productId: 'integer' }).productId;
}

function readInput({ price, description = '', ...rest }: ProductInput): NewProduct {
  return { ...rest, description, price: decimalOf(price) };
}

function readPatch({ price, description, ...rest }: ProductPatch): Partial<NewProduct> {
  return {
    ...rest,
    ...(description !== undefined && { description: description ?? '' }),
    ...(price !== undefined && { price: decimalOf(price) }),
  };
}

/** @throws ProblemError 422 for more than 2 decimals. */
function decimalOf(price: number): string {
  const decimal = parsePrice(price);
  if (decimal !== undefined) return decimal;
  throw problem('WT-BODY-INVALID', 'The price has more than 2 decimals.', {
    errors: [{ pointer: '/body/price', detail: 'must have at most 2 decimals' }],
  });
}

/** The wire's form. The number prints as the decimal that it was made of: it has 12 digits at most. */
function present(product: StoredProduct): Product {
  const { id, name, price, description, category, version, createdAt, updatedAt } = product;
  return {
    id,
    name,
    price: Number(price),
    description,
    category,
    version,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
