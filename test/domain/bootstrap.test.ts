import { describe, expect, it } from 'vitest';
import { latencyPercentiles, summarizeBaseline, summarizeLatency } from '../../src/domain/latency.ts';
import { bcaPairedInterval, ratioOfMediansInterval } from '../../src/domain/statistics/bootstrap.ts';
import { seededRandom, shuffle } from '../../src/domain/statistics/random.ts';
import golden from '../golden/golden.json' with { type: 'json' };

const BOOTSTRAP = { confidence: 0.95, resamples: 2_000, seed: 1 };

describe('the BCa interval of a paired mean', () => {
  const { baseline, candidate, mean, lower, upper } = golden.bca_bootstrap;

  it.each([1, 2, 3])('agrees with scipy within 0.0015, seed %d', (seed) => {
    const interval = bcaPairedInterval({ baseline, candidate, confidence: 0.95, resamples: 10_000, seed });
    expect(interval.estimate).toBeCloseTo(mean, 12);
    expect(Math.abs(interval.lower - lower)).toBeLessThan(0.0015);
    expect(Math.abs(interval.upper - upper)).toBeLessThan(0.0015);
  });

  it('is a point when every difference is the same', () => {
    const interval = bcaPairedInterval({ ...BOOTSTRAP, baseline: [1, 2, 3], candidate: [2, 3, 4] });
    expect(interval).toEqual({ estimate: 1, lower: 1, upper: 1 });
  });

  it('stays finite when one row alone differs', () => {
    const candidate = [...Array(19).fill(0), 1];
    const { lower, upper } = bcaPairedInterval({ ...BOOTSTRAP, baseline: Array(20).fill(0), candidate });
    expect(lower).toBeGreaterThanOrEqual(0);
    expect(upper).toBeLessThanOrEqual(1);
    expect(upper).toBeGreaterThan(0.05);
  });

  it.each([
    [{ baseline: [], candidate: [] }, 'baseline needs at least 2 samples and has 0'],
    [{ baseline: [1, 2], candidate: [1, Number.NaN] }, 'candidate[1] is NaN'],
    [{ baseline: [1, 2], candidate: [1, 2, 3] }, 'candidate has 3 samples and baseline has 2'],
    [{ baseline: [1, 2], candidate: [1, 2], confidence: 95 }, 'confidence must be'],
    [{ baseline: [1, 2], candidate: [1, 2], resamples: 0 }, 'resamples must be'],
    [{ baseline: [1, 2], candidate: [1, 2], seed: -1 }, 'seed must be'],
  ])('refuses %j', (input, message) => {
    expect(() => bcaPairedInterval({ ...BOOTSTRAP, ...input })).toThrow(message);
  });
});

describe('the interval of a ratio of medians', () => {
  const random = seededRandom(5);
  const noisy = (ms: number) => Array.from({ length: 301 }, () => ms * (1 + 0.2 * random.next()));
  const baseline = noisy(12);
  const candidate = noisy(6);

  it('holds the ratio, is narrow, and is the same for the same seed', () => {
    const interval = ratioOfMediansInterval({ ...BOOTSTRAP, baseline, candidate });
    expect(interval.lower).toBeLessThan(interval.estimate);
    expect(interval.upper).toBeGreaterThan(interval.estimate);
    expect(Math.abs(interval.estimate - 2)).toBeLessThan(0.03);
    expect(interval.upper - interval.lower).toBeLessThan(0.08);
    expect(ratioOfMediansInterval({ ...BOOTSTRAP, baseline, candidate })).toEqual(interval);
    expect(ratioOfMediansInterval({ ...BOOTSTRAP, baseline, candidate, seed: 2 })).not.toEqual(interval);
  });

  it('is exact when what slows a round slows both', () => {
    const doubled = baseline.map((ms) => ms * 2);
    const even = ratioOfMediansInterval({ ...BOOTSTRAP, baseline: doubled, candidate: baseline });
    expect(even).toEqual({ estimate: 2, lower: 2, upper: 2 });
  });

  it('takes the mean of the middle two of an even number', () => {
    const interval = ratioOfMediansInterval({ ...BOOTSTRAP, baseline: [4, 1, 3, 2], candidate: [1, 1, 1, 1] });
    expect(interval.estimate).toBe(2.5);
  });

  it('refuses a latency that is not above 0', () => {
    expect(() => ratioOfMediansInterval({ ...BOOTSTRAP, baseline: [1, 2], candidate: [1, 0] })).toThrow(
      'candidate[1] must be above 0, not 0'
    );
  });
});

describe('a latency summary', () => {
  const random = seededRandom(8);
  const noisy = (ms: number) => Array.from({ length: 200 }, () => ms + random.next());
  const rounds = { baseline: noisy(10), twin: noisy(10), candidate: noisy(4) };

  it('is recomputed exactly from the rounds, as they come back from JSON', () => {
    expect(summarizeLatency(JSON.parse(JSON.stringify(rounds)))).toEqual(summarizeLatency(rounds));
  });

  it.each([rounds, { ...rounds, blocks: 8 }])('has a speed-up above its noise', (rounds) => {
    const { speedup, speedupInterval, noiseInterval, noiseFloor, candidate } = summarizeLatency(rounds);
    expect(speedup).toBeCloseTo(10.5 / 4.5, 1);
    expect(speedupInterval[0]).toBeGreaterThan(noiseInterval[1]);
    expect(noiseFloor).toBeCloseTo(1, 1);
    expect(candidate).toEqual(latencyPercentiles(rounds.candidate));
  });

  it('says the same of the baseline with and without a candidate', () => {
    expect(summarizeLatency(rounds)).toMatchObject(summarizeBaseline(rounds));
  });

  it("takes percentiles by LoadGen's order statistic", () => {
    const samples = shuffle([...Array(100).keys()], seededRandom(1));
    expect(latencyPercentiles(samples)).toEqual({ p50Ms: 50, p95Ms: 95, p99Ms: 99 });
    expect(latencyPercentiles([7])).toEqual({ p50Ms: 7, p95Ms: 7, p99Ms: 7 });
  });

  it('takes what differs from process to process for what it is', () => {
    const jumping = (ms: number) => noisy(ms).map((sample, i) => sample * (1 + 0.2 * Math.sin(7 * Math.floor(i / 25))));
    const unequal = { baseline: noisy(10), twin: jumping(10), candidate: noisy(4) };
    const width = ([lower, upper]: [number, number]) => upper - lower;
    const alone = summarizeLatency(unequal).noiseInterval;
    const known = summarizeLatency({ ...unequal, blocks: 8 }).noiseInterval;
    expect(width(known)).toBeGreaterThan(2 * width(alone));
    expect(known[0]).toBeLessThan(1);
    expect(known[1]).toBeGreaterThan(1);
  });

  it('refuses arms of unequal length and no rounds at all', () => {
    expect(() => summarizeLatency({ ...rounds, candidate: [1] })).toThrow(
      'one arm has 1 rounds and the baseline has 200'
    );
    expect(() => latencyPercentiles([])).toThrow('samplesMs needs at least 1 samples and has 0');
  });
});
