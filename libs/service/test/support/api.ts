import { onTestFinished } from 'vitest';
import { createApi, listen, parseContract } from '../../src/index.ts';
import type { HttpObserver, HttpServer, ListenOptions, OperationRequest } from '../../src/index.ts';
import { CONTRACT } from './contract.ts';
import { createLines } from './lines.ts';

export type TestRequest = OperationRequest & {
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
};

type TestHandler = (request: TestRequest) => Promise<unknown>;

/** Answers what the handler got. */
export const echo: TestHandler = ({ params, query, body }) =>
  Promise.resolve({ status: 200, body: { params, query, body } });

export interface TestApi extends ReturnType<typeof createLines> {
  readonly server: HttpServer;
  readonly url: string;
  readonly observed: Parameters<HttpObserver['observe']>[0][];
  readonly inFlight: () => number;
}

/** Serves the test contract on a port of its own until the test ends. */
export async function startApi(
  handlers: Readonly<Record<string, TestHandler>> = {},
  options: Partial<ListenOptions> = {},
  contractText = CONTRACT,
): Promise<TestApi> {
  const lines = createLines();
  const observed: TestApi['observed'] = [];
  let inFlight = 0;
  const contract = parseContract(contractText);
  const all = Object.fromEntries(contract.operations.map(({ id }) => [id, handlers[id] ?? echo]));
  const handler = createApi<Record<string, never>>({
    contract,
    handlers: all as never,
    service: 'test',
    log: lines.log,
    http: {
      start() {
        inFlight += 1;
        return () => {
          inFlight -= 1;
        };
      },
      observe: (observation) => observed.push(observation),
    },
  });
  const server = await listen(handler, { port: 0, host: '127.0.0.1', log: lines.log, ...options });
  onTestFinished(() => server.close());
  return {
    ...lines,
    server,
    url: `http://127.0.0.1:${server.port}`,
    observed,
    inFlight: () => inFlight,
  };
}

/** The parts of a problem that tests look at. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: { pointer: string; detail: string }[];
}

/** Reads a problem, having checked that it is a whole one. */
export async function readProblem(response: Response): Promise<ProblemBody> {
  const problem = (await response.json()) as ProblemBody;
  const wrong = [
    response.headers.get('content-type') !== 'application/problem+json' && 'content type',
    problem.status !== response.status && 'status',
    !/^urn:woodytoys:problem:WT-[A-Z-]+$/.test(problem.type) && 'type',
    !(problem.title && problem.detail) && 'title or detail',
    problem.requestId !== response.headers.get('x-request-id') && 'request id',
  ].filter(Boolean);
  if (wrong.length > 0)
    throw new Error(`Not a whole problem (${wrong.join()}): ${JSON.stringify(problem)}`);
  return problem;
}
