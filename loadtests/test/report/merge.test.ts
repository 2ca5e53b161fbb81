import { describe, expect, it } from 'vitest';
import { ranSection } from '../../src/report/conditions.ts';
import { mergeData } from '../../src/report/merge.ts';
import { labData, measurement } from '../support/recorded.ts';

const killed = labData({
  command: 'npm run lab -- recorded --only killed',
  measurements: [measurement({ part: 'killed' })],
  configurations: { two: { title: 'Two', settings: {} } },
  startedAt: '2026-01-02T00:00:00.000Z',
  endedAt: '2026-01-02T00:10:00.000Z',
});
/** Of another commit, in which the same runs. */
const later = { ...killed, revision: 'ffffffffffff', system: 'same' };
const first = labData({ system: 'same' });

describe('runs of different parts', () => {
  it('become one', () => {
    const merged = mergeData([killed, labData()], 'npm run lab -- recorded --merge a,b');
    expect(merged.measurements.map(({ part }) => part)).toEqual(['killed', 'first']);
    expect(Object.keys(merged.configurations)).toEqual(['two', 'one']);
    expect(merged.startedAt).toBe('2026-01-01T00:00:00.000Z');
    expect(merged.endedAt).toBe('2026-01-02T00:10:00.000Z');
  });

  it.each([
    ['quick ones', { quick: true }, /differ in "quick"/],
    ['of another machine', { machine: { ...killed.machine, cores: 8 } }, /different machines/],
  ])('%s stay apart', (_what, changes, message) => {
    expect(() => mergeData([killed, labData(changes)], '')).toThrow(message);
  });

  it('with the same step stay apart: a step has one source', () => {
    expect(() => mergeData([labData(), labData()], '')).toThrow(/measured the same: first, one/);
  });

  it('one alone is left as it is', () => {
    expect(mergeData([killed], 'npm run lab -- recorded --merge a')).toEqual(killed);
  });
});

describe('runs of different commits', () => {
  it('become one where what runs is the same', () => {
    const { revision, system } = mergeData([later, first], '');
    expect(revision).toBe('ffffffffffff, 0123456789ab');
    expect(system).toBe('same');
  });

  it('stay apart where it is not, though the commit were the same', () => {
    const other = { ...killed, system: 'other' };
    expect(() => mergeData([other, first], '')).toThrow(/different systems/);
  });

  it('go by the commit where one has no fingerprint', () => {
    expect(() => mergeData([{ ...killed, revision: 'another' }, first], '')).toThrow(
      'what runs is not the same in another and 0123456789ab',
    );
    expect(mergeData([killed, first], '').system).toBe('same');
  });

  it('are told with the commit, the time and the load before of each', () => {
    const merged = mergeData([later, first], 'npm run lab -- recorded --merge a,b');
    const text = ranSection(merged);
    expect(text).toContain('Put together of 2 runs');
    for (const { startedAt, endedAt, revision, command } of [later, first]) {
      const part = command.includes('killed') ? 'killed' : 'first';
      const row = [part, `\`${command}\``, revision, startedAt, endedAt, '0.10'].join(' | ');
      expect(text).toContain(`| ${row} |`);
    }
  });

  it('stay told apart when a part is added later', () => {
    const measurements = [measurement({ part: 'last' })];
    const third = labData({ measurements, revision: 'eeeeeeeeeeee', system: 'same' });
    const { sources = [], revision } = mergeData([mergeData([later, first], ''), third], '');
    expect(sources.map((source) => [source.parts, source.revision])).toEqual([
      [['killed'], 'ffffffffffff'],
      [['first'], '0123456789ab'],
      [['last'], 'eeeeeeeeeeee'],
    ]);
    expect(revision).toBe('ffffffffffff, 0123456789ab, eeeeeeeeeeee');
  });

  it('name every version that ran', () => {
    const newer = { ...later, versions: { PostgreSQL: '18.2', nginx: '1.29' } };
    expect(mergeData([newer, first], '').versions).toEqual({
      PostgreSQL: '18.2, 18.1',
      nginx: '1.29',
    });
  });
});
