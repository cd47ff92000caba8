import { meanAbove } from './statistics/bounded-mean.ts';
import { sampleRatioMismatch } from './statistics/sample-ratio.ts';
import { unpairedWorse } from './statistics/unpaired.ts';
import type { ArmOutcomes, EvidenceCounts, EvidenceLine, GuardrailConfig, JudgeConfig, Stratum } from './traffic.ts';

/** How alphaRollback is split where all guardrails are on; adds up to 1. */
export const GUARDRAIL_SHARES = {
  'disagreement-alarm': 0.2,
  'labelled-worse': 0.3,
  'error-rate': 0.2,
  'unpaired-worse': 0.1,
  slower: 0.1,
  'sample-ratio': 0.02,
  'twin-estimated-drop': 0.08,
} as const;

/** The alarms that need units assigned by chance, or the twin's probabilities. */
export function guardrailLines(
  { strata = [], twinDrops = [], pairs, disagreements }: EvidenceCounts,
  { alphaRollback }: JudgeConfig,
  { slowMargin, wrongRate, twinDropMargin }: GuardrailConfig,
  harmMargin: number
): EvidenceLine[] {
  const line = (name: keyof typeof GUARDRAIL_SHARES, lnE: number): EvidenceLine => ({
    name,
    action: 'rollback',
    lnE,
    bound: -Math.log(GUARDRAIL_SHARES[name] * alphaRollback),
  });
  const wrong = strata.map((stratum) => twoArms(stratum, wrongRate, 'wrong', 'labelled'));
  const slow = strata.map((stratum) => twoArms(stratum, stratum.slowRate, 'slow', 'answered'));
  const splits = strata.map(({ share, candidate, twin }) => ({ share, candidate: candidate.units, twin: twin.units }));
  return [
    line('unpaired-worse', unpairedWorse(wrong, harmMargin)),
    line('slower', unpairedWorse(slow, slowMargin)),
    line('sample-ratio', sampleRatioMismatch(splits)),
    line('twin-estimated-drop', meanAbove({ zeros: pairs - disagreements, bins: twinDrops }, twinDropMargin)),
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
