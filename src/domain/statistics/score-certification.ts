import { requireCount, requireFraction } from './arguments.ts';
import { normalQuantile } from './normal.ts';
import type { NonInferiorityDesign } from './sample-size.ts';

/** Of a score from 0 to 1, whose rows may change by less than from right to wrong. */
export interface ScoreDesign extends NonInferiorityDesign {
  /** Mean square of the change of a row whose score changes. */
  spread: number;
  /** What the row that lost everything lost; 1 of a score. */
  most?: number;
}

/**
 * The smallest margin that `n` rows certify with the design's power when the candidate is as good as the baseline. The
 * bound is taken to its second order, by the row that `scoreDropUpper` adds: it moves the mean, widens the spread, and
 * is what skews the differences, by which BCa goes further: z + skewness (2 z^2 + 1) / 6 (Hall, The Bootstrap and
 * Edgeworth Expansion, 1992, chapter 3).
 */
export function certifiableScoreMargin(design: ScoreDesign & { n: number }): number {
  const { n, discordance, spread, most = 1, alpha, power } = design;
  requireCount('n', n, 1);
  requireFraction('alpha', alpha);
  requireFraction('power', power);
  const variance = discordance * spread;
  const widened = variance + most ** 2 / n;
  const skewness = most ** 3 / (n * widened) ** 1.5;
  const z = normalQuantile(1 - alpha);
  const reach = Math.sqrt(widened / n) * (z + (skewness * (2 * z * z + 1)) / 6);
  return Math.min(1, most / n + reach + normalQuantile(power) * Math.sqrt(variance / n));
}

/** Rows that certify the margin; by bisection, as more rows certify less. */
export function scoreRowsToCertify({ margin, ...design }: ScoreDesign & { margin: number }): number {
  requireFraction('margin', margin);
  const isEnough = (n: number) => certifiableScoreMargin({ ...design, n }) <= margin;
  let high = 1;
  while (!isEnough(high)) high *= 2;
  let low = high / 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
