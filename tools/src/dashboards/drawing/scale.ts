/** Values of an axis from 0 on, three to six of them, on round numbers. */
export function ticks(most: number, unit: string): number[] {
  if (!(most > 0)) return [0, 1];
  // Binary units are round in powers of two.
  const base =
    unit === 'bytes' ? 2 ** Math.floor(Math.log2(most)) : 10 ** Math.floor(Math.log10(most));
  const steps = unit === 'bytes' ? [0.125, 0.25, 0.5] : [0.2, 0.25, 0.5, 1, 2];
  const finest = unit === 'suffix: replicas' ? 1 : 0;
  const fitting = steps.find((candidate) => most / (base * candidate) <= 5) ?? 1;
  const step = Math.max(base * fitting, finest);
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** A function from an interval of values onto one of pixels. */
export function linear(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

/** Whole minutes within a range, at most six, as `HH:MM`; seconds since 1970, UTC. */
export function timeTicks(from: number, to: number): { time: number; text: string }[] {
  const minutes = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440];
  const step = 60 * (minutes.find((each) => (to - from) / (each * 60) <= 6) ?? 1440);
  const found: { time: number; text: string }[] = [];
  for (let time = Math.ceil(from / step) * step; time < to - (to - from) / 40; time += step) {
    found.push({ time, text: new Date(time * 1000).toISOString().slice(11, 16) });
  }
  return found;
}
