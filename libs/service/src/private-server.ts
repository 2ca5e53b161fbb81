import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem } from './errors.ts';
import { listen } from './listen.ts';
import { sendProblem, toProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';

/** The port for probes and scrapes, never published. */
export interface PrivateServer {
  readonly port: number;
  /** From now on `/readyz` answers 503: no new traffic should come. */
  setDraining(): void;
  /** Answers GET of further paths with what each gives, as JSON. */
  addRoutes(routes: PrivateRoutes): void;
  close(): Promise<void>;
}

/** What an app tells its operators: a value of JSON for each path. It must hold no secret. */
export type PrivateRoutes = Readonly<Record<string, () => unknown>>;

export interface PrivateServerOptions {
  readonly port: number;
  readonly host?: string;
  readonly registry: {
    /** @param accept the header of the scrape */
    expose(accept?: string): Promise<{ readonly contentType: string; readonly body: string }>;
  };
  /** Resolves when every dependency answers, else rejects with the reason. */
  readonly ready: () => Promise<void>;
  /** A dependency slower than this counts as not answering; 2 s. */
  readonly readyTimeoutMs?: number;
}

/**
 * Serves `/livez` (the process answers; no dependency is asked, or a restart would follow another's
 * failure), `/readyz` (it can do its work), `/metrics`, and what the app adds.
 */
export async function createPrivateServer({
  port,
  host,
  registry,
  ready,
  readyTimeoutMs = 2_000,
}: PrivateServerOptions): Promise<PrivateServer> {
  let draining = false;

  async function readiness(): Promise<Answer> {
    if (draining) throw problem('WT-UNAVAILABLE', 'The process is draining.');
    try {
      await withTimeout(ready(), readyTimeoutMs);
    } catch (error) {
      // Only operators reach this port: the reason is what they came for.
      throw problem('WT-UNAVAILABLE', `Not ready: ${(error as Error).message}`, { cause: error });
    }
    return json({ status: 'ready' });
  }

  const routes = new Map<string, (request: IncomingMessage) => Promise<Answer>>([
    ['/livez', async () => json({ status: 'alive' })],
    ['/readyz', readiness],
    ['/metrics', (request) => registry.expose(request.headers.accept)],
  ]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] as string;
    try {
      const route = routes.get(path);
      if (route === undefined) throw problem('WT-ROUTE-NOT-FOUND', undefined);
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw problem('WT-METHOD-NOT-ALLOWED', undefined, { headers: { allow: 'GET, HEAD' } });
      }
      const { contentType, body } = await route(request);
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
      });
      response.end(body);
    } catch (error) {
      sendProblem(response, toProblem(error), {
        instance: path,
        requestId: requestIdOf(request.headers),
      });
    }
  }

  const server = await listen((request, response) => void answer(request, response), {
    port,
    ...(host !== undefined && { host }),
  });
  return {
    port: server.port,
    setDraining() {
      draining = true;
    },
    addRoutes(added) {
      for (const [path, read] of Object.entries(added)) {
        routes.set(path, async () => json(await read()));
      }
    },
    close: () => server.close(),
  };
}

interface Answer {
  readonly contentType: string;
  readonly body: string;
}

function json(value: unknown): Answer {
  return { contentType: 'application/json', body: JSON.stringify(value) };
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`a dependency did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
