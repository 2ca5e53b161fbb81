import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvField, reportCsv } from '../src/report-csv.ts';

/** A reader by RFC 4180, written apart from the writer. */
function readCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let position = 0;
  while (position < text.length) {
    let field = '';
    if (text[position] === '"') {
      position += 1;
      for (;;) {
        if (text[position] !== '"') field += text[position];
        else if (text[position + 1] === '"') {
          field += '"';
          position += 1;
        } else break;
        position += 1;
        if (position > text.length) throw new Error('A quoted field has no end.');
      }
      position += 1;
    } else {
      while (position < text.length && !',\r\n'.includes(text[position] ?? '')) {
        field += text[position];
        position += 1;
      }
    }
    line.push(field);
    if (text.startsWith('\r\n', position)) {
      lines.push(line);
      line = [];
      position += 2;
    } else if (text[position] === ',') position += 1;
    else throw new Error(`Neither a comma nor a line's end at ${position}.`);
  }
  return lines;
}

const anyText = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.constantFrom('"', ',', '\r', '\n', '\t', '=', '+', '-', '@', "'", 'é', '＝'),
  }),
);

const totals = { sales: 2, unitsSold: 3, revenue: 1234.5, stockUnits: 4, stockValue: 0 };

function report(shop: string, product: string | null) {
  const seller = { productId: 7, productName: product, unitsSold: 3, revenue: 0.1 };
  const store = { id: 1, name: shop, city: 'Namur' };
  return {
    generatedAt: '2026-01-01T00:00:00.000Z',
    totals,
    bestSellers: [seller],
    shops: [{ store, totals, bestSellers: [seller] }],
  };
}

describe('the table of a report', () => {
  it('has a header and one line a record, all of one length', () => {
    expect(reportCsv(report('Woodytoys "Namur", Meuse', 'Truck'))).toBe(
      [
        'record,shop_id,shop,rank,product_id,product,sales,units_sold,revenue,stock_units,stock_value',
        'shop,1,"Woodytoys ""Namur"", Meuse",,,,2,3,1234.50,4,0.00',
        'total,,,,,,2,3,1234.50,4,0.00',
        'shop_best_seller,1,"Woodytoys ""Namur"", Meuse",1,7,Truck,,3,0.10,,',
        'best_seller,,,1,7,Truck,,3,0.10,,',
        '',
      ].join('\r\n'),
    );
  });

  it('is read back as it was written, whatever the names are', () => {
    fc.assert(
      fc.property(anyText, fc.option(anyText), (shop, product) => {
        const lines = readCsv(reportCsv(report(shop, product)));
        expect(lines).toHaveLength(5);
        for (const line of lines) expect(line).toHaveLength(11);
        expect([shop, `'${shop}`]).toContain(lines[1]?.[2]);
        expect([product ?? '', `'${product}`]).toContain(lines[4]?.[5]);
      }),
    );
  });

  it('holds no text that a spreadsheet would run', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [[field = ''] = []] = readCsv(`${csvField(text)}\r\n`);
        expect(field).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
        // Only those texts are changed, and by one character.
        expect(field === text || field === `'${text}`).toBe(true);
      }),
    );
    expect(csvField('=HYPERLINK("http://x","y")')).toBe(`"'=HYPERLINK(""http://x"",""y"")"`);
    expect(csvField('Truck')).toBe('Truck');
    expect(csvField(-1)).toBe('-1');
  });
});
