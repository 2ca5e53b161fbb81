import type { History, Service, ServiceHistory, Snapshot } from '../../src/snapshot.ts';

/** What is kept of a service at each point; the names are those of `ServiceHistory`. */
export const MEASURES = [
  'rps',
  'errorRatio',
  'p50',
  'p95',
  'p99',
  'inFlight',
  'cpu',
  'eventLoop',
  'pool',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Values = (number | null)[];

/** A time in which nothing was measured, in seconds since 1970. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly windowSeconds: number;
  /** Seconds since 1970, ascending; a point without values stands where a gap begins. */
  readonly times: readonly number[];
  addHistory(history: History): void;
  addSnapshot(snapshot: Snapshot): void;
  /** One value for each of `times`. */
  values(service: string, measure: Measure): Values;
  /** @param now seconds since 1970: silence up to it is a gap as well */
  gaps(now: number): Gap[];
}

interface Point {
  readonly time: number;
  /** Seconds within which the next is expected. */
  readonly step: number;
  /** False where the source did not answer. */
  readonly known: boolean;
  readonly values: ReadonlyMap<string, Readonly<Record<Measure, number | null>>>;
}

/** A single late event is no gap. */
const lateSteps = 3;
const snapshotStep = 1;

/** The last minutes, put together from the history that the console sends and its snapshots. */
export function createTimeline(windowSeconds = 300): Timeline {
  let points: Point[] = [];
  let times: number[] = [];

  /** Beside a real point, one without values breaks the line where points are missing. */
  function arrange(all: readonly Point[]): void {
    const last = all.at(-1)?.time ?? 0;
    points = [];
    for (const point of all) {
      if (point.time < last - windowSeconds) continue;
      const before = points.at(-1);
      if (before?.known && isLate(before, point.time, point.step)) {
        points.push(emptyAt(before.time + before.step));
      }
      points.push(point);
    }
    times = points.map(({ time }) => time);
  }

  return {
    windowSeconds,
    get times() {
      return times;
    },
    addHistory(history) {
      const sent = pointsOf(history);
      const first = sent[0]?.time ?? Infinity;
      const last = sent.at(-1)?.time ?? -Infinity;
      const own = points.filter(({ known }) => known);
      arrange([
        ...own.filter(({ time }) => time < first),
        ...sent,
        ...own.filter(({ time }) => time > last),
      ]);
    },
    addSnapshot({ time, source, services }) {
      const seconds = time / 1000;
      if (seconds <= (times.at(-1) ?? 0)) return;
      const values = new Map(services.map((service) => [service.name, measuresOf(service)]));
      const point = { time: seconds, step: snapshotStep, known: true, values };
      arrange([...points, source.answers ? point : emptyAt(seconds)]);
    },
    values: (service, measure) =>
      points.map(({ values }) => values.get(service)?.[measure] ?? null),
    gaps(now) {
      const gaps: Gap[] = [];
      let begin: number | undefined;
      let previous: Point | undefined;
      for (const point of points) {
        if (!point.known) begin ??= previous?.time ?? point.time;
        else if (begin !== undefined) {
          gaps.push({ from: begin, to: point.time });
          begin = undefined;
        }
        previous = point;
      }
      if (previous && isLate(previous, now)) begin ??= previous.time;
      if (begin !== undefined) gaps.push({ from: begin, to: Math.max(now, begin) });
      return gaps;
    },
  };
}

/** Whether points are missing between one and the next, which stands for `step` seconds. */
function isLate(before: Point, time: number, step = before.step): boolean {
  return time - before.time > step + (lateSteps - 1) * before.step;
}

function emptyAt(time: number): Point {
  return { time, step: snapshotStep, known: false, values: new Map() };
}

function pointsOf({ times, services, stepSeconds }: History): Point[] {
  return times.map((time, index) => ({
    time: time / 1000,
    step: Math.max(stepSeconds, snapshotStep),
    known: services.some((service) => (service.rps[index] ?? null) !== null),
    values: new Map(services.map((service) => [service.name, measuresAt(service, index)])),
  }));
}

function measuresAt(service: ServiceHistory, index: number): Record<Measure, number | null> {
  const entries = MEASURES.map((measure) => [measure, service[measure][index] ?? null] as const);
  return Object.fromEntries(entries) as Record<Measure, number | null>;
}

function measuresOf({ signals }: Service): Record<Measure, number | null> {
  const { saturation, ...others } = signals;
  return { ...others, ...saturation };
}
