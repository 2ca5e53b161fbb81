import type { History, Snapshot } from '../../src/snapshot.ts';

export type ConsoleEvent =
  | { readonly event: 'history'; readonly data: History }
  | { readonly event: 'snapshot'; readonly data: Snapshot };

/** An open stream of a console's events, read one by one. */
export interface EventReader {
  /** The next one; undefined when the stream has ended. */
  next(): Promise<ConsoleEvent | undefined>;
  /** The next snapshot for which `holds`. */
  snapshot(holds?: (snapshot: Snapshot) => boolean): Promise<Snapshot>;
  close(): void;
}

/** Opens `/console/api/stream` of the console, or whatever stands before it, at `origin`. */
export async function openStream(origin: string): Promise<EventReader> {
  const ending = new AbortController();
  const response = await fetch(`${origin}/console/api/stream`, { signal: ending.signal });
  if (response.status !== 200 || response.body === null) {
    throw new Error(`the stream is answered with ${response.status}`);
  }
  const events = eventsOf(response.body);
  const reader: EventReader = {
    async next() {
      const { value } = await events.next();
      return value === undefined ? undefined : value;
    },
    async snapshot(holds = () => true) {
      for (;;) {
        const one = await reader.next();
        if (one === undefined) throw new Error('the stream ended before such a snapshot');
        if (one.event === 'snapshot' && holds(one.data)) return one.data;
      }
    },
    close: () => ending.abort(),
  };
  return reader;
}

async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ConsoleEvent, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (data !== undefined) yield { event, data: JSON.parse(data) } as ConsoleEvent;
    }
  }
  return undefined;
}
