import { describe, expect, it } from 'vitest';
import { harmProven, judge, noEvidence, withOutlook } from '../../src/domain/judge.ts';
import { countTime, quantilesOf, tailOf } from '../../src/domain/latency-tail.ts';
import { chanceOf, labelCoverageOf, narrowed, stratumOf, UNKNOWN_PLACE } from '../../src/domain/strata.ts';
import type { ArmOutcomes, EvidenceCounts, JudgeConfig } from '../../src/domain/traffic.ts';

const config: JudgeConfig = {
  margin: 0.015,
  disagreementBudget: 0.1,
  errorBudget: 0.01,
  alphaRollback: 0.05,
  alphaPromote: 0.05,
  guardrails: { slowMargin: 0.02, wrongRate: 0.1, twinDropMargin: 0.015 },
};

const arm = (changes: Partial<ArmOutcomes>): ArmOutcomes => ({
  units: 1_000,
  answered: 1_000,
  slow: 50,
  labelled: 1_000,
  wrong: 100,
  ...changes,
});

const served = (candidate: Partial<ArmOutcomes>): EvidenceCounts => ({
  ...noEvidence(),
  pairs: 10,
  strata: [{ share: 0.5, tail: { ms: 10, rate: 0.05 }, candidate: arm(candidate), twin: arm({}) }],
});

describe('the guardrails', () => {
  it('split alpha without a rest', () => {
    const bounds = judge(noEvidence(), config).evidence.filter(({ action }) => action === 'rollback');
    expect(bounds).toHaveLength(7);
    expect(bounds.reduce((sum, { bound }) => sum + Math.exp(-bound), 0)).toBeCloseTo(config.alphaRollback, 12);
  });

  it.each([
    ['units that fare worse', served({ wrong: 250 }), 'fare worse on the candidate by more than 0.75 points (2000'],
    ['a slow candidate', served({ slow: 200 }), "beyond the twin's tail by more than 2 points more often (2000 units"],
    ['a split that is not the weight', served({ units: 1_300 }), 'the assignment is broken (2300 units'],
    [
      "a drop by the twin's probabilities",
      { ...noEvidence(), pairs: 1_000, disagreements: 80, twinDrops: [0, 0, 0, 0, 0, 0, 0, 0, 0, 80] },
      "by the twin's probabilities more than 1.5 points were lost",
    ],
  ] as [string, EvidenceCounts, string][])('roll back on %s, and say so', (_name, counts, words) => {
    expect(harmProven(counts, config)).toContain(words);
    expect(harmProven(counts, { ...config, guardrails: undefined })).toBeUndefined();
  });

  it('find nothing where the arms do alike', () => {
    expect(harmProven(served({}), config)).toBeUndefined();
  });

  it('expect as many more units as then suffice', () => {
    const half = served({ slow: 90 });
    const judged = judge(half, config);
    const line = withOutlook(judged, half, config).find(({ name }) => name === 'slower')!;
    expect(line).toMatchObject({ seen: 2_000, expectedMore: expect.any(Number) });
    const factor = (2_000 + line.expectedMore!) / 2_000;
    const times = (outcomes: ArmOutcomes) =>
      Object.fromEntries(Object.entries(outcomes).map(([name, count]) => [name, count * factor])) as never;
    const [{ candidate, twin, ...of }] = half.strata as [NonNullable<EvidenceCounts['strata']>[number]];
    const later = { ...half, strata: [{ ...of, candidate: times(candidate), twin: times(twin) }] };
    expect(harmProven(later, config)).toContain("the twin's tail");
  });
});

describe('the labels', () => {
  it('are counted on either arm, over all chances', () => {
    const counts = served({ units: 400, labelled: 100 });
    const both = { ...counts, plus: 3, zero: 2, strata: [...counts.strata!, ...counts.strata!] };
    expect(labelCoverageOf(both)).toEqual({
      pairs: { of: 10, labelled: 5 },
      candidate: { of: 800, labelled: 200 },
      twin: { of: 2_000, labelled: 2_000 },
    });
  });
});

describe('the quantiles of an arm', () => {
  const timed = (n: number) => {
    const times: number[] = [];
    for (let index = 0; index < n; index++) countTime(times, 1 + (9 * index) / n);
    return quantilesOf(times);
  };

  it('lie within their bounds, which close as answers come', () => {
    expect(timed(0)).toBeUndefined();
    expect(timed(100)).toMatchObject({ n: 100, highMs: null });
    const [few, many] = [timed(2_000)!, timed(200_000)!];
    for (const { lowMs, ms, highMs } of [few, many]) {
      expect(lowMs).toBeLessThan(9.55);
      expect(Math.abs(ms / 9.55 - 1)).toBeLessThan(0.05);
      expect(highMs!).toBeGreaterThan(9.55);
    }
    expect(many.highMs! - many.lowMs).toBeLessThan(few.highMs! - few.lowMs);
    for (const [quantile, ms] of [
      [many.p50!, 5.5],
      [many.p99!, 9.91],
    ] as const) {
      expect(quantile.lowMs).toBeLessThan(ms);
      expect(Math.abs(quantile.ms / ms - 1)).toBeLessThan(0.05); // a bin's width
      expect(quantile.highMs!).toBeGreaterThan(ms);
    }
  });
});

describe('a unit in the hash', () => {
  it('counts once for each time that chance assigns it', () => {
    expect(chanceOf(UNKNOWN_PLACE, 100)).toBe(0.01);
    const onTwin = narrowed(UNKNOWN_PLACE, 100, false);
    expect(chanceOf(onTwin, 100)).toBe(0);
    expect(chanceOf(onTwin, 500)).toBeCloseTo(400 / 9_900, 12);
    const onCandidate = narrowed(onTwin, 500, true);
    expect(chanceOf(onCandidate, 2_500)).toBe(1);
    expect(chanceOf(onCandidate, 300)).toBe(0.5);
  });

  it('shares a stratum with units of the same chance and tail', () => {
    const strata = [stratumOf([], 0.5, null)];
    expect(stratumOf(strata, 0.5, null)).toBe(strata[0]);
    expect(stratumOf(strata, 0.5, { ms: 1, rate: 0.05 })).not.toBe(strata[0]);
  });
});

describe('the tail of the twin', () => {
  it('is what about one in twenty exceed, and is not guessed from few', () => {
    const times: number[] = [];
    for (let ms = 1; ms <= 99; ms++) countTime(times, ms);
    expect(tailOf(times)).toBeUndefined();
    for (let ms = 1; ms <= 901; ms++) countTime(times, (ms % 100) + 0.5);
    const { ms, rate } = tailOf(times)!;
    expect(ms).toBeGreaterThan(90);
    expect(ms).toBeLessThan(105);
    expect(rate).toBeGreaterThan(0);
    expect(rate).toBeLessThanOrEqual(0.05);
  });
});
