import { describe, expect, it } from 'vitest';
import { compareBlocks, ratioOf } from '../../../src/domain/load/comparison.ts';
import { normalQuantile } from '../../../src/domain/statistics/normal.ts';
import { seededRandom } from '../../../src/domain/statistics/random.ts';
import { studentQuantile } from '../../../src/domain/statistics/student.ts';

const random = seededRandom(5);
/** A block's latency with 3 % of noise around a mean. */
const noisy = (mean: number, blocks = 20) =>
  Array.from({ length: blocks }, () => mean * Math.exp(0.03 * normalQuantile(Math.max(random.next(), 1e-9))));

describe('a comparison', () => {
  it('finds a speed-up above the noise', () => {
    const { speedup, isFaster } = compareBlocks({ baseline: noisy(10), twin: noisy(10), candidate: noisy(5) });
    expect(speedup.estimate).toBeCloseTo(2, 1);
    expect(isFaster).toBe(true);
  });

  it('reports none where the twin is as fast', () => {
    expect(compareBlocks({ baseline: noisy(10), twin: noisy(9), candidate: noisy(9) }).isFaster).toBe(false);
    expect(compareBlocks({ baseline: noisy(10), twin: noisy(10), candidate: noisy(10) }).isFaster).toBe(false);
  });

  it('covers the truth as often as it says', () => {
    const covered = Array.from({ length: 2_000 }, () => ratioOf({ baseline: noisy(10), candidate: noisy(10) })).filter(
      ({ interval: [lower, upper] }) => lower <= 1 && upper >= 1
    ).length;
    expect(covered / 2_000).toBeGreaterThan(0.935);
    expect(covered / 2_000).toBeLessThan(0.965);
  });

  it.each([
    [{ baseline: [1, 1], candidate: noisy(1) }, 'baseline needs at least 6'],
    [{ baseline: noisy(1), candidate: noisy(1, 19) }, 'candidate has 19 blocks'],
    [{ baseline: noisy(1), candidate: new Array(20).fill(0) }, 'candidate[0] must be above 0'],
  ])('refuses bad blocks', (blocks, message) => expect(() => ratioOf(blocks)).toThrow(message));
});

it.each([
  [0.975, 5, 2.5706],
  [0.975, 19, 2.093],
  [0.95, 9, 1.8331],
  [0.995, 11, 3.1058],
  [0.025, 19, -2.093],
])('the t of %f with %i degrees of freedom is %f', (p, degrees, t) =>
  expect(Math.abs(studentQuantile({ p, degrees }) / t - 1)).toBeLessThan(0.002)
);
