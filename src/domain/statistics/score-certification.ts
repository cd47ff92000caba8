import { requireCount, requireFraction } from './arguments.ts';
import { normalQuantile } from './normal.ts';
import type { NonInferiorityDesign } from './sample-size.ts';

/** Of a score whose rows may change by less than from right to wrong. */
export interface ScoreDesign extends NonInferiorityDesign {
  /** Mean square of the change of a row whose score changes. */
  spread: number;
  /** What the row that lost everything lost; 1 of a score. */
  most?: number;
  /** No row can gain, as the baseline's own score is the highest there is. */
  onlyLosses?: boolean;
}

/**
 * The smallest margin that `n` rows certify with the design's power when the candidate changes as designed. The bound is
 * taken to its second order, by the row that `scoreDropUpper` adds: it moves the mean, widens the spread, and is what
 * skews the differences, by which BCa goes further: z + skewness (2 z^2 + 1) / 6 (Hall, The Bootstrap and Edgeworth
 * Expansion, 1992, chapter 3).
 */
export function certifiableScoreMargin(design: ScoreDesign & { n: number }): number {
  const { n, most = 1, alpha, power } = design;
  requireCount('n', n, 1);
  requireFraction('alpha', alpha);
  requireFraction('power', power);
  const { loss, variance, third } = design.onlyLosses ? momentsOfLosses(design) : momentsOfChanges(design);
  const widened = variance + most ** 2 / n;
  const skewness = (n * third + most ** 3) / (n * widened) ** 1.5;
  const z = normalQuantile(1 - alpha);
  const reach = Math.sqrt(widened / n) * (z + (skewness * (2 * z * z + 1)) / 6);
  return Math.min(1, loss + most / n + reach);
}

/** Where rows gain as often as they lose: the mean loss that is not exceeded with the power; no skewness. */
function momentsOfChanges({ n, discordance, spread, power }: ScoreDesign & { n: number }) {
  const variance = discordance * spread;
  return { loss: normalQuantile(power) * Math.sqrt(variance / n), variance, third: 0 };
}

/**
 * Where rows only lose: a share d of them s, the root of the spread, the others nothing, so that the count k of the
 * former is binomial. The bound depends on the k that was drawn, in its mean, variance and skewness, so k is taken where
 * it is not exceeded with the power, to the second order of Cornish and Fisher and half a row up, as counts are whole.
 */
function momentsOfLosses({ n, discordance: d, spread, power }: ScoreDesign & { n: number }) {
  const z = normalQuantile(power);
  const k = n * d + z * Math.sqrt(n * d * (1 - d)) + ((z * z - 1) * (1 - 2 * d)) / 6 + 0.5;
  const [share, s] = [Math.min(1, k / n), Math.sqrt(spread)];
  const variance = share * (1 - share) * s ** 2;
  return { loss: share * s, variance, third: variance * (1 - 2 * share) * s };
}

/** Rows that certify the margin, by bisection, as more rows certify less; infinite where the expected loss takes it all. */
export function scoreRowsToCertify({ margin, ...design }: ScoreDesign & { margin: number }): number {
  requireFraction('margin', margin);
  if (design.onlyLosses && design.discordance * Math.sqrt(design.spread) >= margin) return Number.POSITIVE_INFINITY;
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
