import { describe, expect, it } from 'vitest';
import { createTimeline } from '../src/timeline.ts';
import { historyOf, serviceOf, snapshotAt } from './snapshots.ts';

describe('the last minutes', () => {
  it('go on from the history that was sent with one point a snapshot', () => {
    const timeline = createTimeline();
    timeline.addHistory(historyOf([100, 101], [1, 2]));
    timeline.addSnapshot(snapshotAt(102, { services: [serviceOf('gateway', 3)] }));
    expect(timeline.times).toEqual([100, 101, 102]);
    expect(timeline.values('gateway', 'rps')).toEqual([1, 2, 3]);
    expect(timeline.values('gateway', 'eventLoop')).toEqual([1, 2, 0.2]);
    expect(timeline.gaps(102)).toEqual([]);
  });

  it('forget what is older than the window', () => {
    const timeline = createTimeline(10);
    for (let time = 100; time <= 125; time += 1) timeline.addSnapshot(snapshotAt(time));
    expect(timeline.times[0]).toBe(115);
    expect(timeline.times.at(-1)).toBe(125);
  });

  it('take a point once, however often it is sent', () => {
    const timeline = createTimeline();
    timeline.addHistory(historyOf([100, 101], [1, 2]));
    timeline.addSnapshot(snapshotAt(101));
    expect(timeline.times).toEqual([100, 101]);
  });

  it('know nothing of a service before it was there', () => {
    const timeline = createTimeline();
    timeline.addSnapshot(snapshotAt(100));
    const both = [serviceOf('gateway', 5), serviceOf('order', 2)];
    timeline.addSnapshot(snapshotAt(101, { services: both }));
    expect(timeline.values('order', 'rps')).toEqual([null, 2]);
    expect(timeline.values('nobody', 'rps')).toEqual([null, null]);
  });
});

describe('a gap', () => {
  it('breaks the line where snapshots did not come', () => {
    const timeline = createTimeline();
    timeline.addSnapshot(snapshotAt(100));
    timeline.addSnapshot(snapshotAt(120));
    expect(timeline.values('gateway', 'rps')).toEqual([5, null, 5]);
    expect(timeline.gaps(120)).toEqual([{ from: 100, to: 120 }]);
  });

  it('is not made of a snapshot that is a little late', () => {
    const timeline = createTimeline();
    timeline.addSnapshot(snapshotAt(100));
    timeline.addSnapshot(snapshotAt(102.5));
    expect(timeline.values('gateway', 'rps')).toEqual([5, 5]);
    expect(timeline.gaps(103)).toEqual([]);
  });

  it('is no longer there when the history knows what was missed', () => {
    const timeline = createTimeline();
    for (const time of [100, 101, 110]) timeline.addSnapshot(snapshotAt(time));
    const times = Array.from({ length: 11 }, (_none, index) => 100 + index);
    timeline.addHistory(
      historyOf(
        times,
        times.map(() => 7),
      ),
    );
    expect(timeline.values('gateway', 'rps')).toEqual(times.map(() => 7));
    expect(timeline.gaps(110)).toEqual([]);
  });

  it('stays when the console has restarted and remembers nothing', () => {
    const timeline = createTimeline();
    for (const time of [100, 101, 102]) timeline.addSnapshot(snapshotAt(time));
    timeline.addHistory(historyOf([130, 131], [1, 2]));
    expect(timeline.values('gateway', 'rps')).toEqual([5, 5, 5, null, 1, 2]);
    expect(timeline.gaps(131)).toEqual([{ from: 102, to: 130 }]);
  });

  it('is seen between snapshots and a history of long steps, though it is shorter than three of these', () => {
    const timeline = createTimeline();
    for (const time of [100, 101, 102]) timeline.addSnapshot(snapshotAt(time));
    timeline.addHistory(historyOf([113, 118], [1, 2], 5));
    expect(timeline.values('gateway', 'rps')).toEqual([5, 5, 5, null, 1, 2]);
    expect(timeline.gaps(118)).toEqual([{ from: 102, to: 113 }]);
  });

  it('is where the source did not answer: what was last known is no measurement', () => {
    const timeline = createTimeline();
    timeline.addSnapshot(snapshotAt(100));
    for (const time of [101, 102]) timeline.addSnapshot(snapshotAt(time, { answers: false }));
    expect(timeline.values('gateway', 'rps')).toEqual([5, null, null]);
    expect(timeline.gaps(102)).toEqual([{ from: 100, to: 102 }]);
    timeline.addSnapshot(snapshotAt(103));
    expect(timeline.gaps(103)).toEqual([{ from: 100, to: 103 }]);
  });

  it('grows while nothing comes', () => {
    const timeline = createTimeline();
    timeline.addSnapshot(snapshotAt(100));
    expect(timeline.gaps(102)).toEqual([]);
    expect(timeline.gaps(140)).toEqual([{ from: 100, to: 140 }]);
  });

  it('is measured by the steps of the history where these are long', () => {
    const timeline = createTimeline();
    timeline.addHistory(historyOf([100, 105, 110, 130], [1, 2, 3, 4], 5));
    expect(timeline.values('gateway', 'rps')).toEqual([1, 2, 3, null, 4]);
    expect(timeline.gaps(130)).toEqual([{ from: 110, to: 130 }]);
  });
});
