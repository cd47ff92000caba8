import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { binOf, meanAbove } from '../../src/domain/statistics/bounded-mean.ts';
import { lnGamma } from '../../src/domain/statistics/gamma.ts';
import { quantileHalfWidth } from '../../src/domain/statistics/quantile-sequence.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import { sampleRatioMismatch } from '../../src/domain/statistics/sample-ratio.ts';
import { unpairedWorse } from '../../src/domain/statistics/unpaired.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8'));

interface TwoArmRow {
  stages: { w: number; k: number; c1: number; c0: number; b1: number; b0: number }[];
  margin: number;
  lnE: number;
}

interface RatioRow {
  stages: { theta: number[]; n: number[] }[];
  lnE: number;
}

interface QuantileRow {
  t: number;
  p: number;
  alpha: number;
  halfWidth: number;
}

describe('the unpaired test', () => {
  it.each(golden.unpaired_worse.rows as TwoArmRow[])('meets the golden ln E for %o', ({ stages, margin, lnE }) => {
    const counts = stages.map(({ w, k, c1, c0, b1, b0 }) => ({
      share: w,
      badRate: k,
      candidateBad: c1,
      candidateGood: c0,
      twinBad: b1,
      twinGood: b0,
    }));
    expect(Math.abs(unpairedWorse(counts, margin) - lnE)).toBeLessThan(1e-9);
  });

  it('is not fooled by a ramp in times of trouble', () => {
    // Both arms are bad in 5 % at first and in 20 % later, when the candidate gets more: pooled it looks worse.
    const stage = (share: number, rate: number) => {
      const [candidate, twin] = [10_000 * share, 10_000 * (1 - share)];
      return {
        share,
        badRate: 0.1,
        candidateBad: candidate * rate,
        candidateGood: candidate * (1 - rate),
        twinBad: twin * rate,
        twinGood: twin * (1 - rate),
      };
    };
    expect(unpairedWorse([stage(0.01, 0.05), stage(0.5, 0.2)], 0)).toBeLessThan(0);
  });
});

const NO_UNITS = { share: 0.5, badRate: 0.1, candidateBad: 0, candidateGood: 0, twinBad: 0, twinGood: 0 };

describe('the sample ratio test', () => {
  it.each(golden.sample_ratio_mismatch.rows as RatioRow[])('meets the golden ln E for %o', ({ stages, lnE }) => {
    const splits = stages.map(({ theta, n }) => ({ share: theta[0]!, candidate: n[0]!, twin: n[1]! }));
    expect(Math.abs(sampleRatioMismatch(splits) - lnE)).toBeLessThan(1e-9);
  });
});

it.each([
  ['a share', () => sampleRatioMismatch([{ share: 1, candidate: 5, twin: 0 }]), 'share must be between 0 and 1'],
  ['a share', () => unpairedWorse([{ ...NO_UNITS, share: 1 }], 0.1), 'share must be between 0 and 1'],
  ['a rate', () => unpairedWorse([{ ...NO_UNITS, badRate: 0 }], 0.1), 'badRate must be between 0 and 1'],
  ['a margin', () => unpairedWorse([NO_UNITS], 2), 'margin must be above -1 and at most 1, not 2'],
  ['a bound', () => meanAbove({ zeros: 1, bins: [0] }, 0), 'bound must be above 0 and at most 1, not 0'],
])('refuses %s that cannot be', (_, test, message) => {
  expect(test).toThrow(message);
});

describe('the confidence sequence of a quantile', () => {
  it.each(golden.quantile_confidence_sequence.rows as QuantileRow[])('meets the golden half-width for %o', (row) => {
    expect(Math.abs(quantileHalfWidth(row) - row.halfWidth)).toBeLessThan(1e-12);
  });

  it('is defined from the first sample on', () => {
    expect(quantileHalfWidth({ t: 1, p: 0.95, alpha: 0.05 })).toBeGreaterThan(1);
  });
});

describe('the gamma function', () => {
  it.each([
    [1, 0],
    [0.5, Math.log(Math.sqrt(Math.PI))],
    [0.1, 2.2527126517342055],
    [171, 706.5730622457874],
  ])('has the logarithm that it should have at %d', (x, expected) => {
    expect(Math.abs(lnGamma(x) - expected)).toBeLessThan(1e-12 * Math.max(1, expected));
  });
});

describe('the mean of bounded values', () => {
  const drawn = (random: Random, pairs: number, rate: number, largest: number) => {
    const bins = new Array<number>(20).fill(0);
    let [zeros, reached] = [0, -Infinity];
    for (let pair = 0; pair < pairs; pair++) {
      if (random.next() < rate) {
        bins[binOf(random.next() * largest, 20)]!++;
        reached = Math.max(reached, meanAbove({ zeros, bins }, 0.01));
      } else zeros++;
    }
    return reached;
  };

  it('rarely exceeds its bound at a mean of the bound, and soon at twice of it', () => {
    const random = seededRandom(3);
    const runs = Array.from({ length: 200 }, () => drawn(random, 2_000, 0.04, 0.5));
    expect(runs.filter((lnE) => lnE >= Math.log(20)).length).toBeLessThanOrEqual(10);
    const worse = Array.from({ length: 50 }, () => drawn(random, 2_000, 0.08, 0.55));
    expect(worse.filter((lnE) => lnE >= Math.log(20)).length).toBeGreaterThanOrEqual(45);
  });

  it('counts nothing as evidence where all values are 0', () => {
    expect(meanAbove({ zeros: 1_000, bins: [0, 0] }, 0.01)).toBeLessThan(0);
    expect(meanAbove({ zeros: 0, bins: [0, 0] }, 0.01)).toBe(0);
  });
});
