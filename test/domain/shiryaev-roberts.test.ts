import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import {
  type Detector,
  detectorBound,
  detectorStatistic,
  newDetector,
  observeLosses,
} from '../../src/domain/statistics/shiryaev-roberts.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8'));
/** One pair at a time, by its loss. */
const observe = (detector: Detector, loss: number, margin = 0) =>
  observeLosses(detector, { plus: Number(loss > 0), minus: Number(loss < 0), zero: Number(loss === 0) }, margin);
const rows = golden.shiryaev_roberts.rows as { name: string; d: number[]; statistic: number }[];

describe('the Shiryaev-Roberts detector', () => {
  it.each(rows)('meets the golden statistic of $name', ({ d, statistic }) => {
    const detector = d.reduce((state, loss) => observe(state, loss), newDetector());
    expect(Math.abs(detectorStatistic(detector) / statistic - 1)).toBeLessThan(1e-9);
  });

  it('finds a two-point drop soon, however long all went well before', () => {
    const random = seededRandom(7);
    let detector = newDetector();
    const bound = detectorBound(50_000, 0.05);
    const play = (plus: number, minus: number) => {
      const at = random.next();
      detector = observe(detector, at < plus ? 1 : at < plus + minus ? -1 : 0);
      return detectorStatistic(detector) >= bound;
    };
    for (let pair = 0; pair < 20_000; pair++) expect(play(0.02, 0.02)).toBe(false);
    let delay = 1;
    while (!play(0.03, 0.01)) delay++;
    expect(delay).toBeLessThan(4_000);
  });

  it('does not take a loss within the margin for a break', () => {
    const losses = Array.from({ length: 4_000 }, (_, pair) => (pair % 100 === 0 ? 1 : 0));
    const detector = losses.reduce((state, loss) => observe(state, loss, 0.02), newDetector());
    expect(detectorStatistic(detector)).toBeLessThan(detectorBound(4_000, 0.05));
  });

  it('stays finite in a break that nobody answers', () => {
    const detector = Array.from({ length: 5_000 }).reduce<number[]>((state) => observe(state, 1), newDetector());
    expect(detectorStatistic(detector)).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('takes a batch as its pairs at once, which can only weaken the evidence', () => {
    const batch = { plus: 3, minus: 1, zero: 96 };
    const losses = [1, 1, 1, -1, ...new Array<number>(96).fill(0)];
    const single = losses.reduce((state, loss) => observe(state, loss), newDetector());
    const growth = 1.01 ** 3 * 0.99; // of the smallest bet, whose zeros cost nothing at a margin of 0
    expect(observeLosses(newDetector(), batch)[0]).toBeCloseTo(growth, 12);
    expect(detectorStatistic(observeLosses(newDetector(), batch))).toBeLessThan(detectorStatistic(single));
    const pair = { plus: 1, minus: 0, zero: 0 };
    expect(
      observeLosses(observeLosses(newDetector(), { plus: 2, minus: 0, zero: 0 }), { ...pair, plus: -1 })[8]
    ).toBeCloseTo((1.8 ** 2 + 1) / 1.8, 9);
  });

  it('refuses pairs and margins that are none', () => {
    const pairs = { plus: 1, minus: 0, zero: 0 };
    expect(() => observeLosses(newDetector(), { ...pairs, minus: Number.NaN })).toThrow('not 1, NaN and 0');
    expect(() => observeLosses(newDetector(), pairs, 2)).toThrow('margin must be above -1 and at most 1, not 2');
  });
});
