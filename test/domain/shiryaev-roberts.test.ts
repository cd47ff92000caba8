import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import {
  detectorBound,
  detectorStatistic,
  newDetector,
  observeLoss,
} from '../../src/domain/statistics/shiryaev-roberts.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8'));
const rows = golden.shiryaev_roberts.rows as { name: string; d: number[]; statistic: number }[];

describe('the Shiryaev-Roberts detector', () => {
  it.each(rows)('meets the golden statistic of $name', ({ d, statistic }) => {
    const detector = d.reduce((state, loss) => observeLoss(state, loss), newDetector());
    expect(Math.abs(detectorStatistic(detector) / statistic - 1)).toBeLessThan(1e-9);
  });

  it('finds a two-point drop soon, however long all went well before', () => {
    const random = seededRandom(7);
    let detector = newDetector();
    const bound = detectorBound(50_000, 0.05);
    const play = (plus: number, minus: number) => {
      const at = random.next();
      detector = observeLoss(detector, at < plus ? 1 : at < plus + minus ? -1 : 0);
      return detectorStatistic(detector) >= bound;
    };
    for (let pair = 0; pair < 20_000; pair++) expect(play(0.02, 0.02)).toBe(false);
    let delay = 1;
    while (!play(0.03, 0.01)) delay++;
    expect(delay).toBeLessThan(4_000);
  });

  it('does not take a loss within the margin for a break', () => {
    const losses = Array.from({ length: 4_000 }, (_, pair) => (pair % 100 === 0 ? 1 : 0));
    const detector = losses.reduce((state, loss) => observeLoss(state, loss, 0.02), newDetector());
    expect(detectorStatistic(detector)).toBeLessThan(detectorBound(4_000, 0.05));
  });

  it('stays finite in a break that nobody answers', () => {
    const detector = Array.from({ length: 5_000 }).reduce<number[]>((state) => observeLoss(state, 1), newDetector());
    expect(detectorStatistic(detector)).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('refuses a loss that is none', () => {
    expect(() => observeLoss(newDetector(), 2)).toThrow('loss must be between -1 and 1, not 2');
    expect(() => observeLoss(newDetector(), Number.NaN)).toThrow('not NaN');
  });
});
