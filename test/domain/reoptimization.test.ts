import { describe, expect, it } from 'vitest';
import { nextName, proposedSpec } from '../../src/domain/proposed-spec.ts';
import {
  driftedAway,
  grownOld,
  mayPropose,
  type Proposal,
  REFERENCES,
  reasonOfProposal,
} from '../../src/domain/reoptimization.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { driftOf, psiByChance } from '../../src/domain/statistics/drift.ts';
import { spec } from '../workflows/fakes.ts';

describe('another engagement', () => {
  const week = (what: string, expected: number[], seen: number[]) => ({ drift: [driftOf(what, expected, seen)] });
  const { production, calibration } = REFERENCES;

  it('is proposed where production has drifted from the rows that were given', () => {
    const given = spec('drift', { support: { days: 7 } });
    expect(driftedAway(week(production, [500, 500], [2_000, 8_000]), given)?.what).toBe(production);
    expect(driftedAway(week(calibration, [500, 500], [2_000, 8_000]), given)?.what).toBe(calibration);
  });

  it.each([
    ['the drift is below the threshold', week(production, [500, 500], [4_500, 5_500]), 0.25],
    ['chance alone goes as far', week(production, [5, 5], [1, 9]), 0.25],
    ['no rows were given', week(production, [0, 0], [2_000, 8_000]), 0.25],
    ['the candidate differs from FP32, which is the judge’s business', week('candidate', [500, 500], [1, 999]), 0.25],
    ['the specification wants none', week(production, [500, 500], [2_000, 8_000]), 0],
  ])('is not proposed where %s', (_, seen, reoptimizeAtPsi) => {
    expect(driftedAway(seen, spec('calm', { support: { days: 7, reoptimizeAtPsi } }))).toBeUndefined();
  });

  it('is not proposed in windows whose specification knows no threshold', () => {
    const older = spec('older', { support: { days: 7 } });
    delete (older.support as Partial<typeof older.support>).reoptimizeAtPsi;
    expect(driftedAway(week(production, [500, 500], [2_000, 8_000]), older)).toBeUndefined();
  });

  it('has a specification that can be started, and differs by name and rows alone', () => {
    const before = spec('newswire', {
      search: { budget: '90 minutes' },
      support: { days: 30, day: '0.5 seconds' },
      data: {
        columns: {},
        calibration: 'c.jsonl',
        selection: 's',
        holdout: 'h',
        production: 'p',
        train: 'data/t.jsonl',
      },
    });
    const parsed = parseSpec(proposedSpec(before, nextName(before.engagement), '2026-11-26'));
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    const { engagement, data, ...rest } = parsed.spec;
    expect(engagement).toBe('newswire-r2');
    expect(data).toMatchObject({
      calibration: 'data/from-2026-11-26/calibration.jsonl',
      production: 'data/from-2026-11-26/production',
      train: 'data/t.jsonl',
    });
    expect({ ...rest, engagement: before.engagement, data: before.data }).toEqual(before);
  });

  it.each([
    ['newswire', 'newswire-r2'],
    ['newswire-r2', 'newswire-r3'],
    ['banking-77', 'banking-77-r2'],
    ['x'.repeat(63), `${'x'.repeat(60)}-r2`],
  ])('of %s is called %s', (before, after) => {
    expect(nextName(before)).toBe(after);
  });
});

describe('the age of measurements', () => {
  const enterprise = spec('old', { package: 'enterprise' });
  const professional = spec('young');
  const startedAt = '2026-03-11T12:00:00.000Z';
  const at = (measuredAt: string, day: number, given = enterprise) =>
    grownOld({ days: [0, day] }, given, { measuredAt, startedAt });

  it('counts days of the calendar before the window, and the window’s own days in it', () => {
    expect(at('2026-03-01T12:00:00.000Z', 79)).toBeUndefined();
    expect(at('2026-03-01T12:00:00.000Z', 80)).toMatchObject({ days: 90, limitDays: 90 });
    expect(at(startedAt, 90)).toMatchObject({ days: 90 });
    expect(at(startedAt, 365, professional)).toBeUndefined();
  });

  it('is said with its date and the limit of the package', () => {
    const age = at('2026-03-01T12:00:00.000Z', 84.5)!;
    expect(reasonOfProposal({ age }, enterprise)).toBe(
      'measured on 2026-03-01, 94 days before; package enterprise asks for new measurements after 90'
    );
  });

  it.each([
    ['none is open', undefined, 1, enterprise, true],
    ['the open one is younger than measurements may be', { day: 91 }, 180, enterprise, false],
    ['the open one is as old as measurements may be', { day: 91 }, 181, enterprise, true],
    ['the package sets no age', { day: 7 }, 365, professional, false],
  ])('lets another engagement be proposed or not where %s', (_, open, day, given, may) => {
    expect(mayPropose(open as Proposal | undefined, given, { days: [0, day] })).toBe(may);
  });
});

it.each([
  [4, 16.266], // chi-square with 3, 9 and 76 degrees of freedom, p = .001
  [10, 27.877],
  [77, 119.85],
])('two samples of 1,000 rows over %i classes are as far apart by chance as chi-square says', (bins, chiSquare) => {
  const ratio = psiByChance([1_000, 1_000], bins) / (chiSquare / 500);
  expect(Math.abs(ratio - 1)).toBeLessThan(0.02);
});
