import type { Spec } from '../spec.ts';

/** What a search has used of its budget, waiting for people not counted. */
export interface SearchSpent {
  spentMs: number;
  /** Candidates and rankings that were finished. */
  trials: number;
  /** Why it was cut off; absent where it went to its end. */
  ended?: string | undefined;
}

/** Why a search must not go on; undefined while it may. */
export function whySearchEnds(
  { budget, maximumTrials }: Spec['search'],
  { spentMs, trials }: SearchSpent
): string | undefined {
  if (budget !== undefined && spentMs >= budget)
    return `its budget of ${(budget / 60_000).toFixed(1)} minutes was spent`;
  if (maximumTrials !== undefined && trials >= maximumTrials) return `${maximumTrials} trials were made`;
  return undefined;
}
