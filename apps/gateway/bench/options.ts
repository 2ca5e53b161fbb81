import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** How often every candidate is started. */
  readonly rounds: number;
  /** How often each is measured in a round, by turns. */
  readonly turns: number;
  /** Seconds of each load. */
  readonly seconds: number;
  /** Seconds of load after each start, before anything is measured. */
  readonly warmUpSeconds: number;
  /** Keys of the candidates to measure; all that can be started unless given. */
  readonly only: readonly string[] | undefined;
  /** Requests a second of the load with a fixed arrival rate; 0 leaves it out. */
  readonly rate: number;
  /** Connections of the load without pause. */
  readonly connections: number;
  /** Where the figures are written to. */
  readonly out: string;
  /** `redis://…` of a running server; else one is started. */
  readonly redis: string | undefined;
}

const USUAL = { rounds: '4', turns: '4', seconds: '2', warmUp: '4' };
const QUICK = { rounds: '1', turns: '1', seconds: '2', warmUp: '1' };

export const USAGE = `npm run bench -- [options]
  --quick            one turn of 2 s, 1 s of warm-up: does everything run, and roughly how well
  --rounds N         how often every candidate is started (4)
  --turns N          how often each is measured in a round, by turns (4)
  --seconds N        length of each load (2)
  --warm-up N        seconds of load after each start (4)
  --only a,b         candidates by key: bare, full, full-unobserved, full-redis, full-redis-each,
                     middleware, fastify, nginx, haproxy, traefik, krakend
  --rate N           requests a second of the arrival-rate load (1000); 0 leaves it out
  --connections N    connections of the closed-loop load (32)
  --redis URL        a Redis to use; else redis-server is started if it is on the PATH
  --out FILE         where the figures go as JSON (bench.json)
`;

/** @throws TypeError for an option that is not known or not a number. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      turns: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      only: { type: 'string' },
      rate: { type: 'string', default: '1000' },
      connections: { type: 'string', default: '32' },
      redis: { type: 'string' },
      out: { type: 'string', default: 'bench.json' },
    },
  });
  const usual = values.quick ? QUICK : USUAL;
  return {
    rounds: atLeast(1, 'rounds', values.rounds ?? usual.rounds),
    turns: atLeast(1, 'turns', values.turns ?? usual.turns),
    seconds: atLeast(1, 'seconds', values.seconds ?? usual.seconds),
    warmUpSeconds: atLeast(1, 'warm-up', values['warm-up'] ?? usual.warmUp),
    only: values.only?.split(','),
    rate: atLeast(0, 'rate', values.rate),
    connections: atLeast(1, 'connections', values.connections),
    redis: values.redis,
    out: values.out,
  };
}

function atLeast(least: number, name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new TypeError(`--${name} is "${text}"; give a whole number of at least ${least}`);
}
