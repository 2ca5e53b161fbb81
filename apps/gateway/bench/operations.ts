import { stringify } from 'yaml';
import { OPERATIONS, serviceContract, validCalls } from './contracts/service-contract.ts';
import type { ValidCall } from './contracts/service-contract.ts';

/** 1,500 operations: 50 services of 30 each. */
export const SERVICES = 50;

/** What is asked for: an operation in the middle. */
export const PATH = '/s25/r2/42/details';

/** The files of a configuration, `gateway.yaml` first; each round is another, so nothing is kept. */
export type WriteConfiguration = (
  backendUrl: string,
  round: number,
) => Readonly<Record<string, string>>;

export const asRoutes: WriteConfiguration = (backendUrl, round) => {
  const routes = services().flatMap((service) =>
    templates().map(
      ({ method, path }) =>
        `  - path: /${service}${path}
    methods: [${method}]
    timeout: ${round + 1}s
    incoming:
      - rateLimit: { limit: 1000000, window: 1m }
    endpoint: { http: { upstream: ${service}, path: '${path}' } }`,
    ),
  );
  return { 'gateway.yaml': `${upstreams(backendUrl, round)}\nroutes:\n${routes.join('\n')}\n` };
};

/** The same operations as contracts whose calls are checked. */
export function asContracts(format: 'json' | 'yaml'): WriteConfiguration {
  const write = (value: object) =>
    format === 'json'
      ? JSON.stringify(value, null, 2)
      : stringify(value, { aliasDuplicateObjects: false });
  return (backendUrl, round) => {
    const routes = services().map(
      (service) => `  - contract: { upstream: ${service}, prefix: /${service} }
    timeout: ${round + 1}s
    incoming: [validate: { responses: 0.01 }]`,
    );
    const contracts = services().map((service) => [
      `${service}.${format}`,
      write(serviceContract(service, round)),
    ]);
    return {
      'gateway.yaml': `${upstreams(backendUrl, round, format)}\nroutes:\n${routes.join('\n')}\n`,
      ...(Object.fromEntries(contracts) as Record<string, string>),
    };
  };
}

export const CONFIGURATIONS: Readonly<Record<string, WriteConfiguration>> = {
  [`${count()} routes in one YAML file`]: asRoutes,
  [`${count()} operations of ${SERVICES} contracts in JSON`]: asContracts('json'),
  [`${count()} operations of ${SERVICES} contracts in YAML`]: asContracts('yaml'),
};

/** A valid call of every operation through the gateway. */
export function allCalls(): ValidCall[] {
  const calls = validCalls();
  return services().flatMap((service) =>
    calls.map((call) => ({ ...call, path: `/${service}${call.path}` })),
  );
}

/** Method and path template of every operation of `number` services. */
export function allTemplates(number = SERVICES) {
  return services()
    .slice(0, number)
    .flatMap((service) =>
      templates().map(({ method, path }) => ({ method, path: `/${service}${path}` })),
    );
}

export function count(): string {
  return (SERVICES * OPERATIONS).toLocaleString('en');
}

function services(): string[] {
  return Array.from({ length: SERVICES }, (_, service) => `s${service}`);
}

function templates() {
  return validCalls().map(({ method, path }) => ({
    method,
    path: path.replace(/\?.*$/, '').replace('/42', '/{id}'),
  }));
}

function upstreams(backendUrl: string, round: number, format?: 'json' | 'yaml'): string {
  const lines = services().map((service) => {
    const contract = format === undefined ? '' : `, contract: ${service}.${format}`;
    return `  ${service}: { discover: '${backendUrl}', connections: ${64 + (round % 2)}${contract} }`;
  });
  return `upstreams:\n${lines.join('\n')}`;
}
