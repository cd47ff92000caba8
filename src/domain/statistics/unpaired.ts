import { BETS, mixture } from './mixture.ts';

/** Outcomes of one stage, one per unit: bad and good answers on either arm. */
export interface TwoArmCounts {
  /** Chance that a unit of this stage goes to the candidate; strictly between 0 and 1. */
  share: number;
  /** Share of bad outcomes known from before the stage: any fixed guess is valid, a good one is stronger. */
  badRate: number;
  candidateBad: number;
  candidateGood: number;
  twinBad: number;
  twinGood: number;
}

/**
 * Against H0: bad outcomes are at most `margin` more frequent on the candidate. Every stage has a factor of its own
 * share, so pooling a ramp does not mix up what the ramp and what the candidate did.
 */
export function unpairedWorse(stages: readonly TwoArmCounts[], margin: number): number {
  const bets = stages.map((stage) => betsOf(stage, margin));
  return mixture(BETS, (_, bet) => {
    let total = 0;
    for (const [index, { candidateBad, candidateGood, twinBad, twinGood }] of stages.entries()) {
      const { onCandidateBad, onCandidateGood, onTwinBad, onTwinGood } = bets[index]![bet]!;
      total +=
        candidateBad * onCandidateBad + candidateGood * onCandidateGood + twinBad * onTwinBad + twinGood * onTwinGood;
    }
    return total;
  });
}

interface Bet {
  onCandidateBad: number;
  onCandidateGood: number;
  onTwinBad: number;
  onTwinGood: number;
}

const known = new Map<string, Bet[]>();
/** Stages and margins are few; the bound only keeps a long-lived process from collecting those of old rollouts. */
const MOST_KNOWN = 1_000;

/** What each outcome adds to the ln of each bet: the gateway asks after every answer, and logarithms are dear. */
function betsOf({ share, badRate }: TwoArmCounts, margin: number): Bet[] {
  const key = `${share} ${badRate} ${margin}`;
  const before = known.get(key);
  if (before) return before;
  const candidate = { bad: (1 - badRate) / share, good: -badRate / share };
  const twin = { bad: -(1 - badRate) / (1 - share), good: badRate / (1 - share) };
  const largestLoss = margin - Math.min(candidate.good, twin.bad);
  const bets = BETS.map((f) => {
    const ln = (effect: number) => Math.log1p((f / largestLoss) * (effect - margin));
    return {
      onCandidateBad: ln(candidate.bad),
      onCandidateGood: ln(candidate.good),
      onTwinBad: ln(twin.bad),
      onTwinGood: ln(twin.good),
    };
  });
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, bets);
  return bets;
}
