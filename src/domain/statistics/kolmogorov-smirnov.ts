import { requireSamples } from './arguments.ts';

/**
 * Probability of gaps as far from Exponential(rate) as these, the rate known beforehand; at least 20 samples above 0.
 * Source: Kolmogorov 1933, with Stephens' (1970) correction of the statistic for finite n.
 */
export function exponentialGoodnessOfFit({ gaps, rate }: { gaps: ArrayLike<number>; rate: number }): number {
  requireSamples('gaps', gaps, 20);
  if (!(rate > 0)) throw new RangeError(`rate must be above 0, not ${rate}`);
  const sorted = Float64Array.from(gaps).sort();
  const n = sorted.length;
  const distance = sorted.reduce((largest, gap, i) => {
    const expected = 1 - Math.exp(-rate * gap);
    return Math.max(largest, (i + 1) / n - expected, expected - i / n);
  }, 0);
  return kolmogorovTail(distance * (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)));
}

/** P[K > x] = 2 sum (-1)^(k-1) exp(-2 k^2 x^2). */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1;
  let tail = 0;
  for (let k = 1; k <= 100; k++) tail += 2 * (k % 2 ? 1 : -1) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, tail));
}
