/** Raises the limits per client of a running compose stack for the time of a load. */
import { LoadError } from './failure.ts';
import { strictest, type RatePolicy } from './rate-limit.ts';
import type { EntryStack } from './stack.ts';

/** By the service that reads it; the entry is nginx or Traefik. */
const VARIABLES = {
  gateway: 'RATE_LIMIT',
  nginx: 'NGINX_RATE_LIMIT',
  traefik: 'TRAEFIK_RATE_LIMIT',
} as const;

/** Requests a minute that no machine reaches which also runs k6. */
export const RAISED_LIMIT = 10_000_000;

/** How one starts a platform whose limits are out of the way. */
export const ADVICE = `RATE_LIMIT=${RAISED_LIMIT} NGINX_RATE_LIMIT=${RAISED_LIMIT}`;

/** The strictest limit among those that the stack's containers were started with. */
export function policyOf({ services }: EntryStack): RatePolicy | undefined {
  const limits = Object.entries(VARIABLES).flatMap(([service, variable]) => {
    const requests = Number(services[service]?.environment[variable]);
    return requests > 0 ? [{ requests, windowSeconds: 60 }] : [];
  });
  return strictest(limits);
}

export interface RaisedLimit {
  /** What was done, for the report. */
  readonly note: string;
  /** Gives each service its own limit again. */
  restore(): Promise<void>;
}

/**
 * Makes the containers that count clients anew, with higher limits and everything else as it was. The
 * entry is away for some seconds.
 *
 * @throws LoadError when it cannot be told how the stack was started, since it could not be put back
 *   as it was; nothing is changed then.
 */
export async function raiseLimit(stack: EntryStack, entryPort: number): Promise<RaisedLimit> {
  const counting = Object.entries(VARIABLES).filter(
    ([service, variable]) => stack.services[service]?.environment[variable] !== undefined,
  );
  const names = counting.map(([service]) => service);
  const before = settingsOf(stack, names, entryPort);
  const raised = Object.fromEntries(
    counting.map(([, variable]) => [variable, String(RAISED_LIMIT)]),
  );
  await requireKnown(stack, names, before);

  const apply = async (environment: Readonly<Record<string, string>>) => {
    const scale = names.flatMap((name) => [
      '--scale',
      `${name}=${stack.services[name]?.replicas ?? 1}`,
    ]);
    const how = ['--detach', '--no-deps', '--no-build', '--pull', 'never', '--wait'];
    await stack.compose(environment, 'up', ...how, ...scale, ...names);
  };
  const limits = counting
    .map(([service, variable]) => `${service} ${stack.services[service]?.environment[variable]}`)
    .join(', ');
  try {
    await apply({ ...before, ...raised });
  } catch (cause) {
    await apply(before);
    throw new LoadError(`The limit per client could not be raised: ${(cause as Error).message}`, {
      cause,
    });
  }
  return {
    note: `raised to ${RAISED_LIMIT} a minute for the run (before: ${limits})`,
    restore: () => apply(before),
  };
}

/** What the compose files read from the environment, as the running containers have it. */
function settingsOf(
  stack: EntryStack,
  names: readonly string[],
  entryPort: number,
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const name of names) {
    const { environment = {} } = stack.services[name] ?? {};
    for (const [variable, value] of Object.entries(environment)) {
      if (!['PATH', 'HOME', 'HOSTNAME'].includes(variable)) settings[variable] = value;
    }
  }
  return { ...settings, ENTRY_PORT: String(entryPort) };
}

/** Compose would make the very same containers of these settings, or it is not tried. */
async function requireKnown(
  stack: EntryStack,
  names: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const advice =
    `Start it with higher limits yourself (${ADVICE} docker compose up), or pass --keep-limit to ` +
    'load it as it is.';
  if (names.length === 0) {
    throw new LoadError(
      `The stack ${stack.project} has no service whose limit could be raised. ${advice}`,
    );
  }
  const printed = await stack.compose(settings, 'config', '--hash', names.join(','));
  const hashes = new Map(printed.split('\n').map((line) => line.split(' ') as [string, string]));
  const changed = names.filter((name) => hashes.get(name) !== stack.services[name]?.configHash);
  if (changed.length === 0) return;
  throw new LoadError(
    `The limit per client is not raised: ${changed.join(' and ')} of the stack ${stack.project} ` +
      `would not come back as it was started (other settings, or edited files). ${advice}`,
  );
}
