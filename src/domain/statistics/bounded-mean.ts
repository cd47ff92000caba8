import { BETS, mixture } from './mixture.ts';

/** How many values of each size were seen; zeros apart, for they are most. */
export interface BinnedValues {
  zeros: number;
  /** Values above 0 in bins of equal width over (0, 1]. */
  bins: readonly number[];
}

/** The bin of a value above 0 and at most 1. */
export const binOf = (value: number, bins: number): number => Math.min(bins - 1, Math.floor(value * bins));

/**
 * Against H0: the mean of values in [0, 1] is at most `bound`. Every value counts as the lower end of its bin, so
 * binning only ever weakens the evidence.
 */
export function meanAbove({ zeros, bins }: BinnedValues, bound: number): number {
  return mixture(BETS, (f) => {
    let total = zeros * Math.log1p(-f);
    for (const [bin, count] of bins.entries())
      if (count > 0) total += count * Math.log1p((f / bound) * (bin / bins.length - bound));
    return total;
  });
}
