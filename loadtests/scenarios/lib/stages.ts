/** The stages of ramps, counted out; k6 walks from target to target in a straight line. */
export interface Stage {
  /** As k6 reads it: `60s`. */
  readonly duration: string;
  readonly target: number;
}

export interface Users {
  readonly initial: number;
  readonly additional: number;
  readonly additionalPerSecond: number;
  readonly stageSeconds: number;
  readonly max: number;
}

/**
 * FDJ's profile: to `initial` users (reached even above `max`) and a flat stage; then again and again
 * `additional` more and a flat stage, until `max`; at last down to none. Every ramp is of
 * `additionalPerSecond` users a second: so many users take users ÷ users-per-second seconds.
 */
export function fdjStages({
  initial,
  additional,
  additionalPerSecond,
  stageSeconds,
  max,
}: Users): Stage[] {
  const ramp = (from: number, to: number): Stage => ({
    duration: `${Math.abs(to - from) / additionalPerSecond}s`,
    target: to,
  });
  const flat = (target: number): Stage => ({ duration: `${stageSeconds}s`, target });

  const stages = [ramp(0, initial), flat(initial)];
  let users = initial;
  while (users < max) {
    const next = Math.min(users + additional, max);
    stages.push(ramp(users, next), flat(next));
    users = next;
  }
  return [...stages, ramp(users, 0)];
}

/** How far above its base the peak of `spike` is. */
export const SPIKE_FACTOR = 5;

/** A third of the time at `base`, up within a second, a third at `peak`, down within a second, the rest. */
export function spikeStages(base: number, peak: number, seconds: number): Stage[] {
  const third = seconds / 3;
  const edge = Math.min(1, third / 2);
  return [
    { duration: `${third - edge}s`, target: base },
    { duration: `${edge}s`, target: peak },
    { duration: `${third}s`, target: peak },
    { duration: `${edge}s`, target: base },
    { duration: `${third - edge}s`, target: base },
  ];
}

export function secondsOfStages(stages: readonly Stage[]): number {
  return stages.reduce((sum, { duration }) => sum + Number.parseFloat(duration), 0);
}
