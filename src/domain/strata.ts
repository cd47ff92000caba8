import type { EvidenceCounts, LabelCoverage, Stratum, Tail } from './traffic.ts';

/** What is known of a unit's place in the hash, in basis points: at or above `low`, below `high`. */
export interface Place {
  low: number;
  high: number;
}

export const UNKNOWN_PLACE: Place = { low: 0, high: 10_000 };

/** Chance that a unit at an even chance anywhere in its place goes to the candidate; 0 and 1 mean nothing is left to chance. */
export const chanceOf = ({ low, high }: Place, weight: number): number =>
  Math.min(1, Math.max(0, (weight - low) / (high - low)));

/** What seeing the unit on an arm at this weight says about its place. */
export const narrowed = ({ low, high }: Place, weight: number, onCandidate: boolean): Place =>
  onCandidate ? { low, high: Math.min(high, weight) } : { low: Math.max(low, weight), high };

/** The counts of units with this chance and this tail, new where there are none yet. */
export function stratumOf(strata: Stratum[], share: number, tail: Tail | null): Stratum {
  const known = strata.find((one) => one.share === share && one.tail?.ms === tail?.ms && one.tail?.rate === tail?.rate);
  if (known) return known;
  const none = () => ({ units: 0, answered: 0, slow: 0, labelled: 0, wrong: 0 });
  const stratum = { share, tail, candidate: none(), twin: none() };
  strata.push(stratum);
  return stratum;
}

/** How many pairs, and how many first answers of either arm, came to have a label. */
export function labelCoverageOf({ pairs, plus, minus, zero, strata = [] }: EvidenceCounts): LabelCoverage {
  const on = (arm: 'twin' | 'candidate') => ({
    of: strata.reduce((sum, stratum) => sum + stratum[arm].units, 0),
    labelled: strata.reduce((sum, stratum) => sum + stratum[arm].labelled, 0),
  });
  return { pairs: { of: pairs, labelled: plus + minus + zero }, twin: on('twin'), candidate: on('candidate') };
}
