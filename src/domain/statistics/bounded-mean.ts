import { BETS, mixture } from './mixture.ts';
import { remembered } from './remembered.ts';

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
 * binning only ever weakens the evidence. Throws a RangeError for a bound that is not above 0 and at most 1. Source:
 * Waudby-Smith and Ramdas, arXiv 2010.09686.
 */
export function meanAbove({ zeros, bins }: BinnedValues, bound: number): number {
  const known = betsOf(bound, bins.length);
  return mixture(BETS, (_, bet) => {
    const { onZero, onBin } = known[bet]!;
    let total = zeros * onZero;
    for (let bin = 0; bin < bins.length; bin++) if (bins[bin]! > 0) total += bins[bin]! * onBin[bin]!;
    return total;
  });
}

interface Bet {
  onZero: number;
  onBin: number[];
}

/** What each value adds to the ln of each bet. */
const betsOf = remembered((bound, bins): Bet[] => {
  if (!(bound > 0 && bound <= 1)) throw new RangeError(`bound must be above 0 and at most 1, not ${bound}`);
  return BETS.map((f) => ({
    onZero: Math.log1p(-f),
    onBin: Array.from({ length: bins }, (_, bin) => Math.log1p((f / bound) * (bin / bins - bound))),
  }));
});
