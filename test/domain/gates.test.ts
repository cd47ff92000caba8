import { describe, expect, it } from 'vitest';
import type { PreparedData } from '../../src/domain/artifact.ts';
import type { Preparation } from '../../src/domain/engagement.ts';
import { baselineChecks } from '../../src/domain/gates.ts';
import { spec } from '../workflows/fakes.ts';

const rows = (over: Partial<PreparedData> = {}): PreparedData => ({
  arrow: { uri: 'file://rows', sha256: '0', bytes: 1 },
  rows: 2_000,
  rowsSha256: 'r',
  tokenizerSha256: 't',
  classes: { earn: 1_200, grain: 780, gold: 20 },
  slices: {},
  lengths: { p50: 20, p99: 60, max: 64 },
  ...over,
});

const CALIBRATION = rows({ distance: { tokens: 0.13, within: 0.12 } });

function checksOf({ calibration = CALIBRATION, selection = rows(), holdout = rows() } = {}) {
  const preparation = { data: { calibration, selection, holdout } } as unknown as Preparation;
  const figures = { role: 'selection' as const, rows: 2_000, accuracy: 0.9, macroF1: 0.8 };
  const latency = { p50Ms: 10, p95Ms: 12, p99Ms: 15 };
  const wanted = spec('gates', {
    quality: { metric: 'accuracy', marginPoints: 1.5, sliceMarginPoints: 5, expectedDiscordancePoints: 2 },
  });
  return new Map(baselineChecks(wanted, preparation, figures, latency).map((check) => [check.name, check]));
}

describe('the baseline gate', () => {
  it('passes a healthy model with data that can prove something', () => {
    const checks = checksOf();
    expect([...checks.keys()]).toEqual([
      'healthy',
      'calibration-size',
      'calibration-classes',
      'calibration-lengths',
      'calibration-distance',
      'power',
    ]);
    for (const check of checks.values()) expect(check).toMatchObject({ verdict: 'successful' });
  });

  it('says how many rows the margin needs', () => {
    const { verdict, reason } = checksOf({ holdout: rows({ rows: 408 }) }).get('power')!;
    expect(verdict).toBe('inconclusive');
    expect(reason).toMatch(/^408 hold-out rows can certify a margin of 1\.96 points .* 1\.50 points needs 653 rows$/);
  });

  it.each([
    ['few rows', 'calibration-size', { rows: 300 }, 'only 300 calibration rows'],
    [
      'a class without a row',
      'calibration-classes',
      { classes: { earn: 1_990, gold: 10 } },
      'no calibration row of grain',
    ],
    ['short rows', 'calibration-lengths', { lengths: { p50: 10, p99: 30, max: 32 } }, 'longest calibration row has 32'],
    ['rows of another kind', 'calibration-distance', { distance: { tokens: 0.22, within: 0.12 } }, 'from production'],
  ])('asks for a waiver: %s', (_, name, over, words) => {
    const check = checksOf({ calibration: { ...CALIBRATION, ...over } }).get(name)!;
    expect(check.verdict).toBe('inconclusive');
    expect(check.reason).toContain(words);
    expect(check.reason).toContain('waive this with a reason');
  });

  it('does not ask for rows of a class that hardly occurs', () => {
    const calibration = rows({ classes: { earn: 1_200, grain: 800 } });
    const selection = rows({ classes: { earn: 1_200, grain: 785, gold: 15 } });
    expect(checksOf({ calibration, selection }).get('calibration-classes')!.verdict).toBe('successful');
  });

  it('judges older engagements by what they recorded', () => {
    const { lengths: _, ...old } = rows();
    expect([...checksOf({ calibration: old, selection: old, holdout: old }).keys()]).toEqual([
      'healthy',
      'calibration-size',
      'calibration-classes',
      'power',
    ]);
  });
});
