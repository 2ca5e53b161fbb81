import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaTable } from './schema-table.ts';
import type { Schema } from './schema-table.ts';
import { code } from './table.ts';

/**
 * The configuration of the gateway, from the one schema that also checks it and completes it in an
 * editor; `npm run generate` writes that before this.
 */
export async function gatewayMarkdown(root: string): Promise<string> {
  const text = await readFile(join(root, 'apps/gateway/gateway.schema.json'), 'utf8');
  const { properties = {} } = JSON.parse(text) as Schema;
  const upstream = properties['upstreams']?.additionalProperties as Schema;
  const route = properties['routes']?.items as Schema;
  const { incoming, outgoing, endpoint } = route.properties as Readonly<Record<string, Schema>>;
  return [
    '## The file',
    schemaTable({
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, { type, description, items }]) => [
          name,
          // Upstreams, routes and defaults have their own tables.
          {
            ...(type !== undefined && { type }),
            ...(description !== undefined && { description }),
            ...(items?.type === 'string' && { items }),
          },
        ]),
      ),
    }),
    '## An upstream',
    schemaTable(upstream),
    '## A route',
    schemaTable(route, ['incoming', 'outgoing', 'endpoint']),
    `Beside these: ${code('incoming')} and ${code('outgoing')}, lists of filters, each by its name or by its name with options (${code('[validate, { rateLimit: { limit: 10 } }]')}), and ${code('endpoint')}, one endpoint with its options. A route's own list takes the place of the default one.`,
    '## Filters',
    ...filterSections(optionsByName(incoming), optionsByName(outgoing)),
    '## Endpoints',
    ...Object.entries(endpoint?.properties ?? {}).flatMap(([name, options]) =>
      section(name, options),
    ),
  ].join('\n\n');
}

/** A filter is written as its name, or as an object with its name as the only key. */
function optionsByName(filters: Schema | undefined): Readonly<Record<string, Schema>> {
  return filters?.items?.else?.properties ?? {};
}

function filterSections(
  incoming: Readonly<Record<string, Schema>>,
  outgoing: Readonly<Record<string, Schema>>,
): string[] {
  const names = [...new Set([...Object.keys(incoming), ...Object.keys(outgoing)])];
  return names
    .toSorted((one, other) => one.localeCompare(other, 'en'))
    .flatMap((name) => {
      const directions = [
        ...(name in incoming ? ['incoming'] : []),
        ...(name in outgoing ? ['outgoing'] : []),
      ];
      const options = (incoming[name] ?? outgoing[name]) as Schema;
      return section(name, options, `Listed under ${directions.map(code).join(' or ')}.`);
    });
}

function section(name: string, options: Schema, note?: string): string[] {
  const about = [options.description, note].filter((sentence) => sentence !== undefined);
  return [`### ${name}`, about.join(' '), schemaTable(options)];
}
