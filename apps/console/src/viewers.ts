import type { ServerResponse } from 'node:http';
import { problem } from '@woodytoys/service';

/** Those who have the page open: each holds a response with server-sent events. */
export interface Viewers {
  /** How many hold a place. */
  readonly size: number;
  /**
   * Takes a place; the result gives it back.
   * @throws ProblemError 503 when there is none.
   */
  admit(): () => void;
  /** Sends `response` all events from now on, until `ended`, and resolves then. */
  join(response: ServerResponse, ended: AbortSignal): Promise<void>;
  /** The same bytes for each. */
  send(event: string): void;
}

/** Each is a connection here and in the gateway. */
const MAX_VIEWERS = 50;
/** A viewer who does not read so much is spared events until he does: each tells the whole state. */
const MAX_UNREAD_BYTES = 256 * 1024;

export function createViewers(): Viewers {
  const responses = new Set<ServerResponse>();
  let admitted = 0;
  return {
    get size() {
      return admitted;
    },
    admit() {
      if (admitted >= MAX_VIEWERS) {
        throw problem('WT-UNAVAILABLE', `${MAX_VIEWERS} people watch already; try again later.`, {
          headers: { 'retry-after': '30' },
        });
      }
      admitted += 1;
      return () => {
        admitted -= 1;
      };
    },
    async join(response, ended) {
      if (ended.aborted) return;
      responses.add(response);
      await new Promise((done) => ended.addEventListener('abort', done, { once: true }));
      responses.delete(response);
    },
    send(event) {
      const bytes = Buffer.from(event);
      for (const response of responses) {
        if (response.writableLength <= MAX_UNREAD_BYTES) response.write(bytes);
      }
    },
  };
}

/** As the HTML standard has it; JSON holds no line break, so one `data` line is enough. */
export function eventText(event: 'history' | 'snapshot', data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
