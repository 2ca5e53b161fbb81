import { sendJson, startBackend } from './backend.ts';
import type { Answering, Backend } from './backend.ts';
import { startGateway } from './gateway.ts';
import type { RunningGateway } from './gateway.ts';

export interface OneRoute {
  readonly backend: Backend;
  readonly gateway: RunningGateway;
}

/**
 * A gateway with one route to a backend that answers what it saw. `route` is JSON, which is YAML,
 * and stands beside its endpoint `http` unless it has one.
 */
export async function startRoute(
  route: Readonly<Record<string, unknown>>,
  answer: Answering = (request, response) => sendJson(response, 200, request),
): Promise<OneRoute> {
  const backend = await startBackend(answer);
  const gateway = await startGateway(
    JSON.stringify({
      upstreams: { a: { discover: backend.url } },
      routes: [{ methods: ['GET', 'POST'], endpoint: { http: { upstream: 'a' } }, ...route }],
    }),
  );
  return { backend, gateway };
}

/** Posts JSON, and gives the answer. */
export function postJson(url: string, value: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof value === 'string' ? value : JSON.stringify(value),
  });
}
