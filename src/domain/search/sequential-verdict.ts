import { type PairedCounts, pairedNoninferior, pairedWorse } from '../statistics/eprocess.ts';

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
  if (pairedNoninferior(counts, margin) >= bound) return 'non-inferior';
  return pairedWorse(counts, margin) >= bound ? 'worse' : null;
}

/** Counts one more row; true and false: was the model right? */
export function withRow(counts: PairedCounts, isBaselineRight: boolean, isCandidateRight: boolean): PairedCounts {
  const { plus, minus, zero } = counts;
  if (isBaselineRight === isCandidateRight) return { plus, minus, zero: zero + 1 };
  return isBaselineRight ? { plus: plus + 1, minus, zero } : { plus, minus: minus + 1, zero };
}
