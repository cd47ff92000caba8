import { describe, expect, it } from 'vitest';
import { simulatedLimit, simulatedSearch } from '../../../bench/load/simulated-search.ts';
import {
  judgeProbe,
  nextRate,
  type Probe,
  type RateSearchInput,
  searchLargestRate,
} from '../../../src/domain/load/rate-search.ts';

const LIMITS = { startPerSecond: 100, resolution: 1.01, maximumProbes: 40 };
const LEVEL = { percentile: 0.99, limitMs: 10 };
const sample = { queries: 10, over: 0, correlation: 1, effectiveQueries: 10, effectiveOver: 0 };
const probe = (ratePerSecond: number, verdict: Probe['verdict']): Probe => ({ ratePerSecond, verdict, sample });
const latencies = (queries: number, over: number) =>
  Array.from({ length: queries }, (_, i) => (i % Math.floor(queries / Math.max(over, 1)) === 0 && over > 0 ? 20 : 5));

it('finds the largest rate of a server with a known answer, and hardly ever overstates it', async () => {
  const truth = simulatedLimit(0.8);
  const searches = Array.from({ length: 50 }, (_, seed) => simulatedSearch(truth.limitMs, seed + 1));
  const found = (await Promise.all(searches)).map((rate) => rate / truth.ratePerSecond).sort((a, b) => a - b);
  expect(Math.abs(found[25]! - 1)).toBeLessThan(0.03);
  expect(found.filter((ratio) => ratio > 1.02).length).toBeLessThanOrEqual(2);
});

describe('the next rate', () => {
  it.each<[string, Probe[], number | null]>([
    ['begins where it is told', [], 100],
    ['goes up while rates hold', [probe(100, 'holds')], 150],
    ['goes down from one that does not', [probe(100, 'exceeds')], 100 / 1.5],
    ['takes an undecided rate for too high', [probe(100, 'holds'), probe(400, 'undecided')], 200],
    ['trusts the lower of two that contradict', [probe(100, 'exceeds'), probe(120, 'holds')], 100 / 1.5],
    ['ends when the bracket is tight', [probe(100, 'holds'), probe(100.9, 'exceeds')], null],
  ])('%s', (_, probes, rate) => {
    const next = nextRate(probes, LIMITS);
    if (rate === null) expect(next).toBeNull();
    else expect(next).toBeCloseTo(rate, 9);
  });

  it('ends after as many probes as allowed', () =>
    expect(nextRate([probe(1, 'exceeds'), probe(2, 'exceeds')], { ...LIMITS, maximumProbes: 2 })).toBeNull());

  it.each([
    [{ startPerSecond: 0 }, 'startPerSecond must be'],
    [{ resolution: 1 }, 'resolution must be'],
  ])('refuses %j', (more, message) => expect(() => nextRate([], { ...LIMITS, ...more })).toThrow(message));
});

describe('a probe', () => {
  it.each([
    [2_000, 0, false, 'holds'],
    [2_000, 200, false, 'exceeds'],
    [1_000, 8, true, 'undecided'],
  ] as const)('of %i queries, %i above the limit, %s', (queries, over, isLast, verdict) =>
    expect(judgeProbe(latencies(queries, over), LEVEL, isLast)?.verdict).toBe(verdict)
  );

  it('asks for more queries while it cannot tell', () =>
    expect(judgeProbe(latencies(1_000, 8), LEVEL, false)).toBeUndefined());
});

describe('a search', () => {
  const search = (more: Partial<RateSearchInput> = {}) =>
    searchLargestRate({
      ...LIMITS,
      level: LEVEL,
      firstQueries: 2_000,
      maximumQueries: 8_000,
      play: async ({ ratePerSecond, queries }) => latencies(queries, ratePerSecond <= 317 ? 0 : queries / 4),
      ...more,
    });

  it('ends between the largest rate that held and the smallest that was too high', async () => {
    const { ratePerSecond, exceededPerSecond, probes } = await search();
    expect(ratePerSecond).toBeLessThanOrEqual(317);
    expect(exceededPerSecond).toBeGreaterThan(317);
    expect(exceededPerSecond! / ratePerSecond!).toBeLessThan(1.01);
    expect(probes.every(({ sample }) => sample.queries === 2_000)).toBe(true);
  });

  it('goes on from its checkpoint and ends the same, with no probe repeated', async () => {
    const checkpoints: (readonly Probe[])[] = [];
    const whole = await search({ onProbe: (probes) => checkpoints.push(probes) });
    let runs = 0;
    const play: RateSearchInput['play'] = async ({ ratePerSecond, queries }) => {
      runs += 1;
      return latencies(queries, ratePerSecond <= 317 ? 0 : queries / 4);
    };
    expect(await search({ play, probes: checkpoints[2]! })).toEqual(whole);
    expect(runs).toBe(whole.probes.length - 3);
  });

  it('doubles an undecided probe, every run with a seed of its own, and gives up at the maximum', async () => {
    const runs: { queries: number; seed: number }[] = [];
    const { ratePerSecond, probes } = await search({
      maximumProbes: 1,
      play: async (run) => {
        runs.push(run);
        return latencies(run.queries, run.queries / 100);
      },
    });
    expect(runs.map(({ queries }) => queries)).toEqual([2_000, 2_000, 4_000]);
    expect(new Set(runs.map(({ seed }) => seed)).size).toBe(3);
    expect([ratePerSecond, probes[0]!.verdict]).toEqual([null, 'undecided']);
  });
});
