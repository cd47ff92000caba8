import { describe, expect, it } from 'vitest';
import { compareCorrelations, correlationDropUpper, correlationSpread } from '../../src/domain/correlations.ts';
import { qualityChecks } from '../../src/domain/gates.ts';
import { leaveOneOutCorrelations } from '../../src/domain/statistics/leave-one-out-ranks.ts';
import { normalQuantile } from '../../src/domain/statistics/normal.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import { bcaSpearmanInterval, spearman } from '../../src/domain/statistics/spearman.ts';
import { TURNED } from '../../src/domain/tasks.ts';
import golden from '../golden/scored.json' with { type: 'json' };
import { spec } from '../workflows/fakes.ts';

const { rows, interval } = golden.spearman;
const { gold, baseline, candidate } = interval;

describe('Spearman’s correlation', () => {
  it.each(rows)('is SciPy’s, with ties too', ({ a, b, correlation }) => {
    expect(spearman(a, b)).toBeCloseTo(correlation, 12);
  });

  it('is 0 where one side is constant', () => {
    expect(spearman([1, 1, 1], [1, 2, 3])).toBe(0);
  });

  it('of two models differs by an interval that agrees with SciPy’s within 0.006', () => {
    const found = bcaSpearmanInterval({ gold, baseline, candidate, confidence: 0.9, resamples: 10_000, seed: 2 });
    expect(found.estimate).toBeCloseTo(interval.estimate, 12);
    expect(Math.abs(found.lower - interval.lower)).toBeLessThan(0.006);
    expect(Math.abs(found.upper - interval.upper)).toBeLessThan(0.006);
  });

  it.each([
    ['without ties', (value: number) => value],
    ['with ties', (value: number) => Math.round(2 * value)],
    ['with one side constant but for a pair', (value: number) => (value > 1.9 ? 1 : 0)],
  ])('without each pair in turn is that of the others, %s', (_, step) => {
    const { gold, baseline } = drawn(seededRandom(8), 60, 0);
    const [a, b] = [gold.map(step), baseline];
    const without = (values: Float64Array, out: number) => values.filter((_, row) => row !== out);
    const exact = Array.from(a, (_, out) => spearman(without(a, out), without(b, out)));
    expect([...leaveOneOutCorrelations(a, b)]).toEqual(exact);
    expect([...leaveOneOutCorrelations(b, a)]).toEqual(exact);
  });

  it('without each of 20,000 pairs in turn takes no 20,000 rankings', () => {
    const { gold, baseline } = drawn(seededRandom(8), 20_000, 0);
    const began = performance.now();
    const found = leaveOneOutCorrelations(gold, baseline);
    expect(performance.now() - began).toBeLessThan(3_000); // ten seconds and more by ranking again
    const [first, ...others] = [gold, baseline].map((values) => values.slice(1));
    expect(found[0]).toBe(spearman(first!, others[0]!));
  });

  it.each([
    [{ gold: [1, 2] }, 'gold needs at least 3 samples and has 2'],
    [{ baseline: [1, 2, 3, 4] }, 'baseline has 4 samples and gold has 3'],
    [{ candidate: [1, Number.NaN, 2] }, 'candidate[1] is NaN'],
  ])('refuses %j', (changed, message) => {
    const three = { gold: [1, 2, 3], baseline: [1, 2, 3], candidate: [1, 2, 3] };
    expect(() => bcaSpearmanInterval({ ...three, ...changed, confidence: 0.9, resamples: 10, seed: 1 })).toThrow(
      message
    );
  });
});

describe('two models compared by the order of their pairs', () => {
  const turned = { gold: [1, 2, 3, 4], baseline: [0.1, 0.2, 0.3, 0.4], candidate: [0.4, 0.2, 0.3, 0.1] };

  it('have a correlation each, overall and by slice, and pairs that lost their place', () => {
    const found = compareCorrelations({ ...turned, slices: { side: ['left', 'left', 'right', 'right'] } });
    expect(found).toMatchObject({ rows: 4, accuracyBaseline: 1, lost: 2, won: 0, flips: 2 });
    expect(found.accuracyCandidate).toBeCloseTo(-0.8, 12);
    expect([...found.differences]).toEqual([-1, 0, 0, -1]);
    expect(found.slices.map(({ name, accuracyCandidate }) => [name, accuracyCandidate])).toEqual([
      ['side=left', -1],
      ['side=right', -1],
    ]);
  });

  it('are not known apart where no order is known', () => {
    const same = (values: number[]) => ({ similarities: { ...float(turned), gold: Float64Array.from(values) } });
    expect(correlationDropUpper(same([1, 1, 1, 1]), 0.95)).toBe(TURNED);
  });

  it('are told apart at the gate by pairs and their places', () => {
    const { quality } = spec('pairs');
    const outcomes = compareCorrelations({ ...turned, slices: {} });
    const [overall] = qualityChecks({ ...quality, metric: 'spearman' }, outcomes).checks;
    expect(overall!.reason).toMatch(
      /^Spearman correlation drop .*\(2 pairs farther from their place, 0 nearer of 4\)$/
    );
  });

  it('are bounded above 0 where nothing changed, by one pair that was turned round', () => {
    const pairs = drawn(seededRandom(3), 400, 0);
    const bound = correlationDropUpper({ similarities: pairs }, 0.95);
    expect(bound).toBeGreaterThan(TURNED / 400);
    expect(bound).toBeLessThan((5 * TURNED) / 400);
  });

  it('pass at the margin no more than once in twenty, where the plain bootstrap passes half', () => {
    const [random, n, share, runs] = [seededRandom(5), 100, 0.01, 40];
    const many = drawn(seededRandom(6), 20_000, share);
    const margin = spearman(many.gold, many.baseline) - spearman(many.gold, many.candidate);
    let [passed, plain] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const pairs = drawn(random, n, share);
      if (correlationDropUpper({ similarities: pairs }, 0.95) < margin) passed += 1;
      if (-bcaSpearmanInterval({ ...pairs, confidence: 0.9, resamples: 300, seed: 1 }).lower < margin) plain += 1;
    }
    expect(passed / runs).toBeLessThan(0.05);
    expect(plain / runs).toBeGreaterThan(0.25);
  });
});

it('knows how far a pair moves that is put in the place of another', () => {
  const { gold, baseline } = drawn(seededRandom(9), 3_000, 0);
  const [random, places] = [seededRandom(1), rankedPlaces(gold)];
  const given = rankedPlaces(baseline);
  const moves = Array.from(given, (place, row) => (places[row]! * (given[random.below(3_000)]! - place)) ** 2);
  const mean = moves.reduce((sum, move) => sum + move, 0) / moves.length;
  expect(correlationSpread(gold, baseline)).toBeGreaterThan(0.9 * mean);
  expect(correlationSpread(gold, baseline)).toBeLessThan(1.1 * mean);
});

/** Without ties. */
function rankedPlaces(values: Float64Array): number[] {
  const n = values.length;
  const sorted = [...values].sort((a, b) => a - b);
  return Array.from(values, (value) => (sorted.indexOf(value) - (n - 1) / 2) / Math.sqrt((n * n - 1) / 12));
}

const float = (pairs: Record<'gold' | 'baseline' | 'candidate', number[]>) => ({
  gold: Float64Array.from(pairs.gold),
  baseline: Float64Array.from(pairs.baseline),
  candidate: Float64Array.from(pairs.candidate),
});

/** Pairs that correlate by 0.85; of a share of them the candidate says the contrary. */
function drawn(random: Random, n: number, share: number) {
  const gauss = () => normalQuantile(Math.min(Math.max(random.next(), 1e-9), 1 - 1e-9));
  const gold = new Float64Array(n).map(gauss);
  const baseline = gold.map((value) => 0.85 * value + Math.sqrt(1 - 0.85 ** 2) * gauss());
  const candidate = baseline.map((value) => (random.next() < share ? -value : value));
  return { gold, baseline, candidate };
}
