import { parsePathTemplate } from '../../src/routing/path-template.ts';
import { RouteTable } from '../../src/routing/table.ts';
import type { Route } from '../../src/routing/table.ts';
import { allTemplates } from '../operations.ts';
import { median } from '../statistics.ts';

/** What finding a route costs in a table of so many operations. */
export interface MatchCost {
  readonly operations: number;
  /** Nanoseconds a match: of the paths that all tables have, and of every path of this one. */
  readonly sameNs: number;
  readonly allNs: number;
}

const MATCHES = 60_000;
const ROUNDS = 15;

/** Times matching in tables of 1, 10 and 50 services, in turn in each round; medians of the rounds. */
export function measureMatching(): readonly MatchCost[] {
  const same = targets(1);
  const tables = [1, 10, 50].map((services) => ({
    table: tableOf(services),
    all: targets(services),
    sameNs: [] as number[],
    allNs: [] as number[],
  }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { table, all, sameNs, allNs } of tables) {
      sameNs.push(time(table, same));
      allNs.push(time(table, all));
    }
  }
  // The first rounds are the compiler's.
  const middle = (values: readonly number[]) => median(values.slice(3));
  return tables.map(({ all, sameNs, allNs }) => ({
    operations: all.length,
    sameNs: middle(sameNs),
    allNs: middle(allNs),
  }));
}

interface Target {
  readonly method: string;
  readonly path: string;
}

function targets(services: number): readonly Target[] {
  return allTemplates(services).map(({ method, path }) => ({
    method,
    path: path.replace('{id}', '42'),
  }));
}

function time(table: RouteTable, wanted: readonly Target[]): number {
  const startedAt = performance.now();
  for (let index = 0; index < MATCHES; index += 1) {
    const { method, path } = wanted[index % wanted.length] as Target;
    if (table.match('localhost', method, path)?.route === undefined) {
      throw new Error(`${method} ${path} has no route`);
    }
  }
  return ((performance.now() - startedAt) * 1e6) / MATCHES;
}

function tableOf(services: number): RouteTable {
  return new RouteTable(
    allTemplates(services).map(({ method, path }): Route => ({
      template: parsePathTemplate(path),
      host: undefined,
      methods: [method],
      parameters: undefined,
      incoming: [],
      outgoing: [],
      endpoint: () => ({ status: 200, headers: [], body: null }),
      takesUpgrade: false,
      answersPreflight: false,
    })),
  );
}
