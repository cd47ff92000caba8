import { describe, expect, it } from 'vitest';
import { dataChecks } from '../../src/domain/data-checks.ts';
import { dropUpper, qualityChecks } from '../../src/domain/gates.ts';
import { compareScores, scoreDropUpper, scoreSpread, worstScoreRegressions } from '../../src/domain/scores.ts';
import type { QualitySpec } from '../../src/domain/spec.ts';
import { bcaPairedInterval } from '../../src/domain/statistics/bootstrap.ts';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import { certifiableScoreMargin, scoreRowsToCertify } from '../../src/domain/statistics/score-certification.ts';
import { tangoUpperBound } from '../../src/domain/statistics/tango.ts';
import golden from '../golden/golden.json' with { type: 'json' };
import { spec } from '../workflows/fakes.ts';

const scored = (changes: object = {}) =>
  spec('scores', {
    package: 'express',
    model: { name: 'm', kind: 'onnx', path: 'm.onnx', task: 'custom' },
    quality: {
      metric: 'reciprocal rank',
      evaluator: { folder: 'e', entryPoint: 'a:b' },
      marginPoints: 2,
      sliceMarginPoints: 5,
      ...changes,
    },
    rollout: undefined,
    support: undefined,
  }).quality;

const cosine: QualitySpec = { ...scored(), metric: 'cosine', evaluator: undefined };

const ROWS = {
  baseline: [1, 0.5, 0.25, 1, 0.5, 0],
  candidate: [1, 0.25, 0.5, 0, 0.5, 0],
  slices: { side: ['left', 'left', 'left', 'right', 'right', 'right'] },
};

describe('scores of two models', () => {
  it('are compared row by row, overall and by slice', () => {
    const { differences, slices, ...overall } = compareScores(ROWS);
    expect(overall).toEqual({
      ...{ rows: 6, accuracyBaseline: 3.25 / 6, accuracyCandidate: 2.25 / 6, lost: 2, won: 1, flips: 3 },
    });
    expect([...differences]).toEqual([0, -0.25, 0.25, -1, 0, 0]);
    expect(slices.map(({ name, rows, accuracyCandidate, lost }) => [name, rows, accuracyCandidate, lost])).toEqual([
      ['side=left', 3, 1.75 / 3, 1],
      ['side=right', 3, 0.5 / 3, 1],
    ]);
  });

  it('are refused where there are none, or not as many', () => {
    expect(() => compareScores({ baseline: [], candidate: [] })).toThrow('baseline has no rows');
    expect(() => compareScores({ baseline: [1], candidate: [1, 1] })).toThrow(
      'candidate has 2 rows and baseline has 1'
    );
  });

  it('name the rows that lost most', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(worstScoreRegressions({ ...ROWS, ids, limit: 10 })).toEqual([
      { id: 'd', baseline: 1, candidate: 0 },
      { id: 'b', baseline: 0.5, candidate: 0.25 },
    ]);
    expect(worstScoreRegressions({ ...ROWS, ids, limit: 1 })).toHaveLength(1);
  });
});

describe('the upper bound of a drop', () => {
  it('is the BCa bound of the golden values where so many rows make one more weigh little', () => {
    const { baseline, candidate, mean } = golden.bca_bootstrap;
    const times = 12;
    const differences = Float64Array.from({ length: times * baseline.length }, (_, i) => {
      const row = i % baseline.length;
      return candidate[row]! - baseline[row]!;
    });
    const bound = scoreDropUpper({ differences }, 0.95);
    const plain = bcaPairedInterval({
      ...{ baseline: new Float64Array(differences.length), candidate: differences },
      ...{ confidence: 0.9, resamples: 10_000, seed: 1 },
    });
    expect(bound).toBeGreaterThan(-plain.lower);
    expect(bound).toBeLessThan(-plain.lower + 8 / differences.length);
    expect(bound).toBeGreaterThan(-mean);
  });

  it.each([100, 500, 2_000])('is not 0 where none of %d rows changed, and near the proportion’s', (n) => {
    const bound = scoreDropUpper({ differences: new Float64Array(n) }, 0.95);
    const proportion = tangoUpperBound({ b: 0, c: 0, n, confidence: 0.95 });
    expect(bound).toBeGreaterThan(proportion);
    expect(bound).toBeLessThan(2.5 * proportion);
  });

  it('passes no more than one in twenty candidates that are at the margin, where the plain bootstrap passes a third', () => {
    const random = seededRandom(3);
    const [n, margin, runs] = [100, 0.01, 120];
    let [passed, plain] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const differences = Float64Array.from({ length: n }, () => (random.next() < margin ? -1 : 0));
      if (scoreDropUpper({ differences }, 0.95) < margin) passed += 1;
      const unseen = { baseline: new Float64Array(n), candidate: differences };
      if (-bcaPairedInterval({ ...unseen, confidence: 0.9, resamples: 500, seed: 1 }).lower < margin) plain += 1;
    }
    expect(passed / runs).toBeLessThan(0.05);
    expect(plain / runs).toBeGreaterThan(0.25);
  });
});

describe('the upper bound of a cosine', () => {
  const boundOf = (differences: Float64Array) =>
    dropUpper(cosine, {
      rows: differences.length,
      accuracyBaseline: 1,
      accuracyCandidate: 1,
      lost: 0,
      won: 0,
      differences,
    });

  it('counts on a row more whose vector was turned round, as it takes 2', () => {
    expect(boundOf(new Float64Array(500))).toBe(scoreDropUpper({ differences: new Float64Array(500) }, 0.95, 2));
    expect(boundOf(new Float64Array(500))).toBeCloseTo(8 / 501, 12);
  });

  it('passes no more than one in twenty candidates at the margin that turn vectors round, where a row that lost 1 does not do', () => {
    const random = seededRandom(5);
    const [n, turned, runs] = [100, 0.02, 100];
    let [passed, tooMany] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const differences = Float64Array.from({ length: n }, () => (random.next() < turned ? -2 : 0));
      if (boundOf(differences) < 2 * turned) passed += 1;
      if (scoreDropUpper({ differences }, 0.95) < 2 * turned) tooMany += 1;
    }
    expect(passed / runs).toBeLessThan(0.05);
    expect(tooMany / runs).toBeGreaterThan(0.08);
  });
});

describe('the gate of a score', () => {
  const same = (rows: number) => new Array<number>(rows).fill(0.8);

  it('names the metric and counts the rows that moved', () => {
    const baseline = same(1_000);
    const candidate = baseline.map((score, row) => (row < 3 ? score - 0.1 : row < 5 ? score + 0.1 : score));
    const [overall] = qualityChecks(scored(), compareScores({ baseline, candidate })).checks;
    expect(overall).toMatchObject({ name: 'score', verdict: 'successful' });
    expect(overall!.reason).toMatch(
      /^reciprocal rank drop 0\.01 points, at most 0\.\d\d points with 95\.00 % confidence, margin 2\.00 points \(3 rows scored lower, 2 higher of 1000\)$/
    );
  });

  it.each([
    ['failed', 0.03],
    ['inconclusive', 0.0195],
  ])('is %s at a drop of %f', (verdict, drop) => {
    const random = seededRandom(9);
    const baseline = same(400);
    const moved = baseline.map(() => drop + 0.2 * (random.next() - 0.5));
    const excess = moved.reduce((sum, each) => sum + each, 0) / 400 - drop;
    const candidate = moved.map((loss) => 0.8 - loss + excess);
    expect(qualityChecks(scored(), compareScores({ baseline, candidate })).checks[0]!.verdict).toBe(verdict);
  });
});

describe('the power check of a score', () => {
  const design = { discordance: 0.02, alpha: 0.05, power: 0.8 };

  it('asks as many rows as for right and wrong answers where scores are 0 or 1, within a quarter', () => {
    expect(scoreSpread([0, 1, 1, 1, 0])).toBeCloseTo(1, 12);
    const rows = scoreRowsToCertify({ ...design, spread: 1, margin: 0.015 });
    expect(rows).toBeGreaterThan(550);
    expect(rows).toBeLessThan(653 * 1.25); // 653 by the exact chance of Tango's bound
  });

  it('asks fewer where rows differ by less, and the margin that they certify is the one that was asked', () => {
    const spread = scoreSpread(Array.from({ length: 101 }, (_, i) => i / 100));
    expect(spread).toBeCloseTo(1 / 6, 1);
    const rows = scoreRowsToCertify({ ...design, spread, margin: 0.015 });
    expect(rows).toBeLessThan(400);
    expect(certifiableScoreMargin({ ...design, spread, n: rows })).toBeLessThanOrEqual(0.015);
    expect(certifiableScoreMargin({ ...design, spread, n: rows - 1 })).toBeGreaterThan(0.015);
  });

  it('promises the power that the bound has', () => {
    const random = seededRandom(11);
    const [spread, margin, runs] = [0.25, 0.02, 40];
    const n = scoreRowsToCertify({ ...design, spread, margin });
    const passed = Array.from({ length: runs }, () => {
      const moved = () => (random.next() < design.discordance ? (random.next() < 0.5 ? 0.5 : -0.5) : 0);
      return scoreDropUpper({ differences: Float64Array.from({ length: n }, moved) }, 0.95) < margin;
    }).filter(Boolean).length;
    expect(passed / runs).toBeGreaterThan(0.55);
    expect(passed / runs).toBeLessThan(0.95);
  });

  it('adds what is expected to be lost where no row can gain, and has that power', () => {
    const random = seededRandom(11);
    const losses = { ...design, discordance: 0.01, spread: 0.64, most: 2, onlyLosses: true };
    const [margin, runs] = [0.02, 15];
    const n = scoreRowsToCertify({ ...losses, margin });
    expect(
      certifiableScoreMargin({ ...losses, n }) - certifiableScoreMargin({ ...losses, onlyLosses: false, n })
    ).toBeGreaterThan(0.9 * losses.discordance * 0.8);
    const passed = Array.from({ length: runs }, () => {
      const differences = Float64Array.from({ length: n }, () => (random.next() < losses.discordance ? -0.8 : 0));
      return scoreDropUpper({ differences }, 0.95, losses.most) < margin;
    }).filter(Boolean).length;
    expect(passed / runs).toBeGreaterThan(0.55);
    expect(passed / runs).toBeLessThan(1);
  });

  it('says that no rows certify a margin which the expected changes of a cosine use up', () => {
    const quality = { ...cosine, marginPoints: 1.5 };
    const rows = { rows: 5_000, classes: {}, slices: {}, rowsSha256: '' } as never;
    const power = (quality: QualitySpec) =>
      dataChecks(
        { quality, calibration: { rows: 1_000, method: 'minmax' } },
        { data: { calibration: rows, selection: rows, holdout: rows } },
        0.64
      ).at(-1)!;
    expect(power(quality).verdict).toBe('inconclusive');
    expect(power(quality).reason).toMatch(
      /^5000 hold-out rows can certify a margin of 2\.\d\d points at 2 % of the rows answered with another row's vector, which loses 80\.00 points each; 1\.50 points is no more than these lose: raise quality\.marginPoints/
    );
    expect(power({ ...quality, expectedDiscordancePoints: 0.5 })).toMatchObject({ verdict: 'successful' });
  });

  it('counts on the worst where every row has one score', () => {
    expect(scoreSpread([1, 1, 1])).toBe(1);
  });
});
