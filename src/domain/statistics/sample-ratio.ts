import { requireFraction } from './arguments.ts';
import { lnGamma } from './gamma.ts';
import { mixture } from './mixture.ts';
import { remembered } from './remembered.ts';

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
 * count once for each time that chance assigned it, never once per request. Stages multiply. Throws a RangeError for a
 * share that leaves nothing to chance.
 */
export function sampleRatioMismatch(stages: readonly Split[]): number {
  return mixture(PRIOR_UNITS, (prior) => stages.reduce((total, stage) => total + lnRatio(stage, prior), 0));
}

function lnRatio({ share, candidate, twin }: Split, prior: number): number {
  const { a, b, rest, lnCandidate, lnTwin } = priorOf(share, prior);
  const seen = lnGamma(a + candidate) + lnGamma(b + twin) - lnGamma(prior + candidate + twin);
  return rest + seen - candidate * lnCandidate - twin * lnTwin;
}

interface Prior {
  a: number;
  b: number;
  rest: number;
  lnCandidate: number;
  lnTwin: number;
}

/** What does not depend on the counts. */
const priorOf = remembered((share, prior): Prior => {
  requireFraction('share', share);
  const [a, b] = [prior * share, prior * (1 - share)];
  const rest = lnGamma(prior) - lnGamma(a) - lnGamma(b);
  return { a, b, rest, lnCandidate: Math.log(share), lnTwin: Math.log1p(-share) };
});
