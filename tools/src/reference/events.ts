import { join } from 'node:path';
import { deadLetterQueueOf } from '@woodytoys/messaging';
import type { Topology } from '@woodytoys/messaging';
import { appFolders, exportsEndingWith } from './apps.ts';
import type { AppFolder } from './apps.ts';
import { publishedMessages } from './messages.ts';
import { code, table } from './table.ts';

interface AppTopology {
  readonly app: string;
  readonly topology: Topology;
}

/** Exchanges, messages with their bodies, and queues. */
export async function eventsMarkdown(root: string): Promise<string> {
  const apps = await appFolders(root);
  const topologies = (await Promise.all(apps.map(topologiesOf))).flat();
  const { messages, types } = publishedMessages(root, apps);
  return [
    '## Exchanges',
    exchangeTable(topologies),
    '## Messages',
    'A mandatory message is safe once a queue has it; the others may have no reader.',
    table(
      ['exchange', 'routing key', 'body', 'published by', 'mandatory'],
      messages.map(({ exchange, routingKey, body, app, mandatory }) => [
        code(exchange),
        code(routingKey),
        code(body),
        code(app),
        mandatory ? 'yes' : 'no',
      ]),
    ),
    '## Bodies',
    'JSON, as these TypeScript types have it.',
    ...types.map((text) => `\`\`\`ts\n${text}\n\`\`\``),
    '## Queues',
    `A message that fails is tried again after each pause, then kept as a dead letter in ` +
      `\`${deadLetterQueueOf('QUEUE')}\` with the reason.`,
    queueTable(topologies),
  ].join('\n\n');
}

async function topologiesOf({ name, path }: AppFolder): Promise<AppTopology[]> {
  const files = ['src/topology.ts', 'src/events.ts'].map((file) => join(path, file));
  const found = await Promise.all(files.map((file) => exportsEndingWith(file, 'Topology')));
  return found.flat().map((value) => ({
    app: name,
    topology: (typeof value === 'function' ? value() : value) as Topology,
  }));
}

function exchangeTable(topologies: readonly AppTopology[]): string {
  const exchanges = new Map<string, { type: string; apps: Set<string> }>();
  for (const { app, topology } of topologies) {
    for (const { name, type } of topology.exchanges) {
      const known = exchanges.get(name) ?? { type, apps: new Set<string>() };
      exchanges.set(name, known);
      known.apps.add(app);
    }
  }
  const rows = [...exchanges]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name, { type, apps }]) => [code(name), type, [...apps].map(code).join(', ')]);
  return table(['exchange', 'type', 'declared by'], rows);
}

function queueTable(topologies: readonly AppTopology[]): string {
  const rows = topologies.flatMap(({ app, topology }) =>
    topology.queues.map(({ name, bindings, retryDelaysMs }) => [
      code(name),
      code(app),
      bindings.map(({ routingKey }) => code(routingKey)).join(', '),
      String(retryDelaysMs.length + 1),
      retryDelaysMs.map((delayMs) => `${delayMs / 1000} s`).join(', '),
    ]),
  );
  return table(['queue', 'read by', 'takes', 'attempts', 'pauses'], rows);
}
