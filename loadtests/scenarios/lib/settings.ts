/** What the runner passes as `-e NAME=value`; it has checked all of it. */

/** The origin under load, without a slash at its end. */
export const target = text('TARGET', 'http://localhost:8080');

/** How many a second, of each request that a scenario sends at a rate. */
export const rps = (normally: number): number => number('RPS', normally);

/** As k6 writes durations: `60s`. */
export const duration = (normally: string): string => text('DURATION', normally);

export function text(name: string, normally: string): string {
  return __ENV[name] ?? normally;
}

export function number(name: string, normally: number): number {
  return Number(__ENV[name] ?? normally);
}
