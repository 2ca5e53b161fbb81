/** Clients of the entry: this machine, containers of the stack, and what speaks no proper HTTP. */
import { connect } from 'node:net';
import type { Stack } from '../../src/compose.ts';

/** What came back for a number of calls made at once. */
export interface Burst {
  readonly statuses: Readonly<Record<string, number>>;
  /** The `Retry-After` of the answers that had one. */
  readonly retryAfter: readonly string[];
  readonly bodies: readonly unknown[];
  /** From the first call to the last answer. */
  readonly seconds: number;
}

/** Makes `calls` GET requests at once, from this machine. */
export async function burst(url: string, calls: number): Promise<Burst> {
  const startedAt = performance.now();
  const answers = await Promise.all(
    Array.from({ length: calls }, async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    }),
  );
  const refused = answers.filter(({ status }) => status === 429);
  const statuses: Record<string, number> = {};
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    statuses,
    retryAfter: refused.map(({ headers }) => headers.get('retry-after') ?? ''),
    bodies: refused.map(({ text }) => JSON.parse(text) as unknown),
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** The status that a container of the stack gets: its address is another than this machine's. */
export async function askFrom(stack: Stack, service: string, url: string): Promise<number> {
  const script = `fetch('${url}').then((answer) => console.log(answer.status))`;
  return Number(await stack.exec(service, 'node', '-e', script));
}

/** What the entry sends back over a connection of its own, until it closes it. */
export async function rawExchange(entry: string, text: string): Promise<string> {
  const { hostname, port } = new URL(entry);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(30_000, () => socket.destroy(new Error('no answer in 30 s')));
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
