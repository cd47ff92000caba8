import { meanAbove } from './statistics/bounded-mean.ts';
import { pairedWorse, rateAbove } from './statistics/eprocess.ts';
import { sampleRatioMismatch } from './statistics/sample-ratio.ts';
import { unpairedWorse } from './statistics/unpaired.ts';
import type { ArmOutcomes, EvidenceCounts, EvidenceLine, JudgeConfig, Stratum } from './traffic.ts';

/** Of rollouts that began before there were seven. */
const THREE_TESTS = 3;

/** How alphaRollback is split where all guardrails are on; adds up to 1. Most goes to what needs most evidence. */
const SHARES = {
  'disagreement-alarm': 0.1,
  'labelled-worse': 0.7,
  'error-rate': 0.06,
  'unpaired-worse': 0.04,
  slower: 0.04,
  'sample-ratio': 0.02,
  'twin-estimated-drop': 0.04,
} as const;

export const harmMarginOf = ({ margin, harmMargin = margin / 2 }: JudgeConfig): number => harmMargin;

/** The alarms: any of them that reaches its bound rolls back. */
export function harmLines(counts: EvidenceCounts, config: JudgeConfig): EvidenceLine[] {
  const { guardrails, alphaRollback } = config;
  const line = (name: keyof typeof SHARES, seen: number, lnE: number): EvidenceLine => ({
    name,
    action: 'rollback',
    lnE,
    bound: guardrails ? -Math.log(SHARES[name] * alphaRollback) : Math.log(THREE_TESTS / alphaRollback),
    seen,
  });
  const { pairs, disagreements, plus, minus, zero, candidateErrors, candidateRequests } = counts;
  const compared = { events: disagreements, trials: pairs };
  const errors = { events: candidateErrors, trials: candidateRequests };
  const lines = [
    line('disagreement-alarm', pairs, rateAbove(compared, config.disagreementBudget)),
    line('labelled-worse', plus + minus + zero, pairedWorse(counts, harmMarginOf(config), config.harmBets)),
    line('error-rate', candidateRequests, rateAbove(errors, config.errorBudget)),
  ];
  if (!guardrails) return lines;
  // Needs units assigned by chance, or the twin's probabilities.
  const { strata = [], twinDrops = [] } = counts;
  const units = (outcome: keyof ArmOutcomes) =>
    strata.reduce((sum, { candidate, twin }) => sum + candidate[outcome] + twin[outcome], 0);
  const wrong = strata.map((stratum) => twoArms(stratum, guardrails.wrongRate, 'wrong', 'labelled'));
  const slow = strata.flatMap((one) => (one.tail ? [twoArms(one, one.tail.rate, 'slow', 'answered')] : []));
  const splits = strata.map(({ share, candidate, twin }) => ({ share, candidate: candidate.units, twin: twin.units }));
  const drops = { zeros: pairs - disagreements, bins: twinDrops };
  const estimated = drops.zeros + twinDrops.reduce((sum, count) => sum + count, 0);
  return [
    ...lines,
    line('unpaired-worse', units('labelled'), unpairedWorse(wrong, harmMarginOf(config))),
    line('slower', units('answered'), unpairedWorse(slow, guardrails.slowMargin)),
    line('sample-ratio', units('units'), sampleRatioMismatch(splits)),
    line('twin-estimated-drop', estimated, meanAbove(drops, guardrails.twinDropMargin)),
  ];
}

function twoArms({ share, candidate, twin }: Stratum, badRate: number, bad: keyof ArmOutcomes, of: keyof ArmOutcomes) {
  return {
    share,
    badRate,
    candidateBad: candidate[bad],
    candidateGood: candidate[of] - candidate[bad],
    twinBad: twin[bad],
    twinGood: twin[of] - twin[bad],
  };
}
