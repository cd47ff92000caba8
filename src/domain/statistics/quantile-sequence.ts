import { requireCount, requireFraction } from './arguments.ts';

/**
 * Half-width, in quantile space, of a confidence sequence for the p-quantile after t samples (Howard and Ramdas,
 * arXiv 1906.09712): the true quantile stays between the sample's at p - w and p + w, at all times, but for alpha.
 */
export function quantileHalfWidth({ t, p, alpha }: { t: number; p: number; alpha: number }): number {
  requireCount('t', t, 1);
  requireFraction('p', p);
  requireFraction('alpha', alpha);
  const l = (1.4 * Math.log(Math.log(2.1 * Math.max(t, 2))) + Math.log(10 / alpha)) / t;
  return 1.5 * Math.sqrt(p * (1 - p) * l) + 0.8 * l;
}
