import { lnBeta } from './gamma.ts';

/**
 * Against H0: of the pairs that one arm got wrong, either arm got as many; two-sided, over all discordances at once
 * with a Beta(a, a) prior. It knows no margin, so it says which way a difference points and decides nothing.
 */
export function mcnemarMixture({ plus, minus }: { plus: number; minus: number }, a = 1): number {
  return (plus + minus) * Math.LN2 + lnBeta(plus + a, minus + a) - lnBeta(a, a);
}
