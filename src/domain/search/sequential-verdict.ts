import { type PairedCounts, pairedNoninferior, pairedWorse } from '../statistics/eprocess.ts';

/** Few, and large: hundreds of rows, not the millions of requests of a rollout. Any fixed set keeps the error. */
const BETS = [0.15, 0.35, 0.65];

export type SequentialVerdict = 'non-inferior' | 'worse';

/**
 * What rows in random order prove so far, if anything: that the candidate's accuracy is less than `margin` (a share)
 * below the baseline's, or that it is more. Each is wrong with a chance of at most `alpha`, however often one asks.
 */
export function sequentialVerdict(
  counts: PairedCounts,
  { margin, alpha }: { margin: number; alpha: number }
): SequentialVerdict | null {
  const bound = Math.log(1 / alpha);
  if (pairedNoninferior(counts, margin, BETS) >= bound) return 'non-inferior';
  return pairedWorse(counts, margin, BETS) >= bound ? 'worse' : null;
}

/** Counts one more row; true and false: was the model right? */
export function withRow(counts: PairedCounts, isBaselineRight: boolean, isCandidateRight: boolean): PairedCounts {
  const { plus, minus, zero } = counts;
  if (isBaselineRight === isCandidateRight) return { plus, minus, zero: zero + 1 };
  return isBaselineRight ? { plus: plus + 1, minus, zero } : { plus, minus: minus + 1, zero };
}
