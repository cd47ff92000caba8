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
  const { a, b, rest } = priorOf(share, prior);
  const seen = lnGamma(a + candidate) + lnGamma(b + twin) - lnGamma(prior + candidate + twin);
  return rest + seen - candidate * Math.log(share) - twin * Math.log1p(-share);
}

interface Prior {
  a: number;
  b: number;
  rest: number;
}

const known = new Map<string, Prior>();
/** Shares are few; the bound only keeps a long-lived process from collecting those of old rollouts. */
const MOST_KNOWN = 1_000;

/** What does not depend on the counts: the gateway asks after every answer, and logarithms are dear. */
function priorOf(share: number, prior: number): Prior {
  const key = `${share} ${prior}`;
  const before = known.get(key);
  if (before) return before;
  const [a, b] = [prior * share, prior * (1 - share)];
  const one = { a, b, rest: lnGamma(prior) - lnGamma(a) - lnGamma(b) };
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, one);
  return one;
}
