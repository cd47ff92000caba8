import { describe, expect, it } from 'vitest';
import { binomialCdf } from '../../../src/domain/statistics/binomial.ts';
import { queriesNeeded, streamEstimateRank } from '../../../src/domain/statistics/early-stopping.ts';
import golden from '../../golden/golden.json' with { type: 'json' };

describe('early stopping', () => {
  it.each(golden.loadgen_early_stopping.rows)(
    'needs $queries queries for p$percentile with $t above the limit',
    ({ percentile, t, queries }) => expect(queriesNeeded({ percentile, over: t })).toBe(queries)
  );

  it.each(golden.loadgen_stream_estimate.rows)(
    'takes the $tStar-th highest of $n for p$percentile',
    ({ percentile, n, tStar }) => expect(streamEstimateRank({ percentile, queries: n })).toBe(tStar)
  );

  it.each([
    [{ percentile: 1, over: 0 }, 'percentile must be'],
    [{ percentile: 0.9, over: 0.5 }, 'over must be'],
  ])('refuses %j', (input, message) => expect(() => queriesNeeded(input)).toThrow(message));
});

describe('the binomial distribution', () => {
  it.each([
    { trials: 3, share: 0.5, successes: 1, expected: 0.5 },
    { trials: 10, share: 0.1, successes: 10, expected: 1 },
    { trials: 44, share: 0.1, successes: 0, expected: 0.9 ** 44 },
    { trials: 20, share: 0.7, successes: 18, expected: 1 - 0.7 ** 20 - 20 * 0.7 ** 19 * 0.3 },
  ])('is $expected for $successes of $trials at $share', ({ expected, ...input }) =>
    expect(binomialCdf(input)).toBeCloseTo(expected, 12)
  );

  it('adds up from both tails at the middle of many trials', () => {
    const trials = 1_000_001;
    expect(binomialCdf({ trials, share: 0.5, successes: 500_000 })).toBeCloseTo(0.5, 9);
  });
});
