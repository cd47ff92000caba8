import { normalQuantile } from './normal.ts';

/** Distance of two histograms; reported, and decides nothing. */
export interface Drift {
  what: string;
  /** Population stability index; .1 and .25 are the usual rules of thumb. */
  psi: number;
  /** Jensen-Shannon divergence in bits, 0 to 1. */
  jensenShannon: number;
  n: [number, number];
}

/** So that an empty bin is no infinite distance. */
const SMOOTHING = 0.5;

export function driftOf(what: string, expected: number[], seen: number[]): Drift {
  const [p, q] = [shares(expected), shares(seen)];
  let psi = 0;
  let jensenShannon = 0;
  for (const [bin, before] of p.entries()) {
    const now = q[bin]!;
    const middle = (before + now) / 2;
    psi += (now - before) * Math.log(now / before);
    jensenShannon += (before * Math.log2(before / middle) + now * Math.log2(now / middle)) / 2;
  }
  return { what, psi, jensenShannon, n: [total(expected), total(seen)] };
}

/** Two samples of one distribution are further apart once in so many times. */
const ONCE_IN = 1_000;

/**
 * The PSI that chance alone reaches once in 1,000 times, of `n` rows on either side over so many bins, 2 or more:
 * about chi-square with bins - 1 degrees of freedom, times 1/n + 1/m (Yurdakul and Naranjo 2020, Statistical Properties
 * of the Population Stability Index); its quantile by Wilson and Hilferty 1931. Infinite where a side has no row.
 */
export function psiByChance([n, m]: [number, number], bins: number): number {
  const freedom = bins - 1;
  const spread = 2 / (9 * freedom);
  const chiSquare = freedom * (1 - spread + normalQuantile(1 - 1 / ONCE_IN) * Math.sqrt(spread)) ** 3;
  return chiSquare * (1 / n + 1 / m);
}

const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);

function shares(counts: number[]): number[] {
  const of = total(counts) + SMOOTHING * counts.length;
  return counts.map((count) => (count + SMOOTHING) / of);
}
