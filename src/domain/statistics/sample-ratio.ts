import { lnGamma } from './gamma.ts';
import { mixture } from './mixture.ts';

/** How firmly the prior sits on the intended shares, in units. */
const PRIOR_UNITS = [100, 1_000, 10_000];

/** New units of one stage, with the share that the candidate should get of them. */
export interface Split {
  share: number;
  candidate: number;
  twin: number;
}

/**
 * Against H0 that units fall to the arms by the intended shares (Lindon and Malek, arXiv 2011.03567). Every unit may
 * count once for each time that chance assigned it, never once per request. Stages multiply.
 */
export function sampleRatioMismatch(stages: readonly Split[]): number {
  return mixture(PRIOR_UNITS, (prior) => stages.reduce((total, stage) => total + lnRatio(stage, prior), 0));
}

function lnRatio({ share, candidate, twin }: Split, prior: number): number {
  const arm = (theta: number, units: number) =>
    lnGamma(prior * theta + units) - lnGamma(prior * theta) - units * Math.log(theta);
  return lnGamma(prior) - lnGamma(prior + candidate + twin) + arm(share, candidate) + arm(1 - share, twin);
}
