import { requireFraction, requireMargin } from './arguments.ts';
import { BETS, mixture } from './mixture.ts';
import { remembered } from './remembered.ts';

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
 * Against H0: bad outcomes are at most `margin`, a fraction, more frequent on the candidate. Every stage has a factor of
 * its own share, so pooling a ramp does not mix up what the ramp and what the candidate did. Throws a RangeError that
 * names the field. Sources: effects weighted by the chance of the arm, Howard et al., arXiv 1810.08240, corollary 2; bets
 * on them, Waudby-Smith and Ramdas, arXiv 2010.09686.
 */
export function unpairedWorse(stages: readonly TwoArmCounts[], margin: number): number {
  const bets = stages.map(({ share, badRate }) => betsOf(share, badRate, margin));
  return mixture(BETS, (_, bet) => {
    let total = 0;
    for (let index = 0; index < stages.length; index++) {
      const { candidateBad, candidateGood, twinBad, twinGood } = stages[index]!;
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

/** What each outcome adds to the ln of each bet. */
const betsOf = remembered((share, badRate, margin): Bet[] => {
  requireFraction('share', share);
  requireFraction('badRate', badRate);
  requireMargin(margin);
  const candidate = { bad: (1 - badRate) / share, good: -badRate / share };
  const twin = { bad: -(1 - badRate) / (1 - share), good: badRate / (1 - share) };
  const largestLoss = margin - Math.min(candidate.good, twin.bad);
  return BETS.map((f) => {
    const ln = (effect: number) => Math.log1p((f / largestLoss) * (effect - margin));
    return {
      onCandidateBad: ln(candidate.bad),
      onCandidateGood: ln(candidate.good),
      onTwinBad: ln(twin.bad),
      onTwinGood: ln(twin.good),
    };
  });
});
