import { harmLines, harmMarginOf } from './guardrails.ts';
import { factorUntil, scaled } from './outlook.ts';
import { pairedNoninferior, rateBelow } from './statistics/eprocess.ts';
import type { EvidenceCounts, EvidenceLine, JudgeConfig, RolloutJudgement } from './traffic.ts';

const PROMOTE_TESTS = 2;

/** Rolls back on proof of harm by any test, promotes on proof of non-inferiority by any, holds otherwise. */
export function judge(counts: EvidenceCounts, config: JudgeConfig): RolloutJudgement {
  const harm = harmLines(counts, config);
  const proof = proofLines(counts, config);
  const evidence = [...harm, ...proof];
  const harmful = harm.find(reached);
  if (harmful)
    return { action: 'rollback', reason: sentence(harmful, counts, config), evidence, expectedMorePairs: null };
  const proven = proof.find(reached);
  if (proven) return { action: 'promote', reason: sentence(proven, counts, config), evidence, expectedMorePairs: 0 };
  const expectedMorePairs = morePairs(counts, config);
  return { action: 'hold', reason: holdReason(counts, expectedMorePairs), evidence, expectedMorePairs };
}

/** The reason to roll back, if there is one: what a router asks after every observation. */
export function harmProven(counts: EvidenceCounts, config: JudgeConfig): string | undefined {
  const harmful = harmLines(counts, config).find(reached);
  return harmful && sentence(harmful, counts, config);
}

export function noEvidence(): EvidenceCounts {
  return { pairs: 0, disagreements: 0, plus: 0, minus: 0, zero: 0, candidateRequests: 0, candidateErrors: 0 };
}

const reached = ({ lnE, bound }: EvidenceLine) => lnE >= bound;

function proofLines(counts: EvidenceCounts, config: JudgeConfig): EvidenceLine[] {
  const bound = Math.log(PROMOTE_TESTS / config.alphaPromote);
  const { pairs, disagreements } = counts;
  const compared = { events: disagreements, trials: pairs };
  return [
    {
      name: 'disagreement-certificate',
      action: 'promote',
      lnE: rateBelow(compared, config.margin),
      bound,
      seen: pairs,
    },
    {
      name: 'labelled-noninferior',
      action: 'promote',
      lnE: pairedNoninferior(counts, config.margin),
      bound,
      seen: labelledOf(counts),
    },
  ];
}

function morePairs(counts: EvidenceCounts, config: JudgeConfig): number | null {
  if (counts.pairs === 0) return null;
  const factor = factorUntil(counts.pairs, (factor) => proofLines(scaled(counts, factor), config).some(reached));
  return factor === null ? null : Math.ceil((factor - 1) * counts.pairs);
}

/** Every line with how many more observations it is expected to need. */
export function withOutlook(
  { evidence }: RolloutJudgement,
  counts: EvidenceCounts,
  config: JudgeConfig
): EvidenceLine[] {
  const all = (factor: number) => {
    const later = scaled(counts, factor);
    return [...harmLines(later, config), ...proofLines(later, config)];
  };
  return evidence.map((line, index) => {
    const { seen = 0 } = line;
    if (reached(line)) return { ...line, expectedMore: 0 };
    const factor = seen === 0 ? null : factorUntil(seen, (factor) => reached(all(factor)[index]!));
    return { ...line, expectedMore: factor === null ? null : Math.ceil((factor - 1) * seen) };
  });
}

function holdReason(counts: EvidenceCounts, expectedMorePairs: number | null): string {
  if (counts.pairs === 0) return 'no comparison has been made yet: no data is no proof';
  const seen = `${seenPairs(counts)}, ${labelledOf(counts)} labelled`;
  const without = labelledOf(counts) === 0 ? ' without labels' : '';
  const outlook =
    expectedMorePairs === null
      ? `at these rates non-inferiority will not be proven${without}`
      : `about ${expectedMorePairs} more pairs are expected at these rates`;
  return `neither harm nor non-inferiority is proven (${seen}); ${outlook}`;
}

function sentence({ name, lnE, bound, seen }: EvidenceLine, counts: EvidenceCounts, config: JudgeConfig): string {
  const strength = `ln E ${lnE.toFixed(2)}, bound ${bound.toFixed(2)}`;
  const { plus, minus, candidateErrors, candidateRequests } = counts;
  const labelled = `${labelledOf(counts)} labelled pairs, ${plus} lost and ${minus} won by the candidate`;
  switch (name) {
    case 'disagreement-alarm':
      return `the arms disagree in more than ${points(config.disagreementBudget)} % (${seenPairs(counts)}; ${strength})`;
    case 'labelled-worse':
      return `accuracy fell by more than ${points(harmMarginOf(config))} points (${labelled}; ${strength})`;
    case 'error-rate':
      return `the candidate fails in more than ${points(config.errorBudget)} % (${candidateErrors} of ${candidateRequests} requests; ${strength})`;
    case 'unpaired-worse':
      return `served units fare worse on the candidate by more than ${points(harmMarginOf(config))} points (${seen} with a label; ${strength})`;
    case 'slower':
      return `the candidate answers beyond the twin's tail by more than ${points(config.guardrails!.slowMargin)} points more often (${seen} units; ${strength})`;
    case 'sample-ratio':
      return `units do not fall to the arms by the weight: the assignment is broken (${seen} units; ${strength})`;
    case 'twin-estimated-drop':
      return `by the twin's probabilities more than ${points(config.guardrails!.twinDropMargin)} points were lost (${seenPairs(counts)}; ${strength})`;
    case 'disagreement-certificate':
      return `the arms disagree in less than the margin of ${points(config.margin)} points (${seenPairs(counts)}; ${strength})`;
    case 'labelled-noninferior':
      return `accuracy fell by less than the margin of ${points(config.margin)} points (${labelled}; ${strength})`;
  }
}

const labelledOf = ({ plus, minus, zero }: EvidenceCounts) => plus + minus + zero;
const points = (share: number) => Number((share * 100).toPrecision(6));

/** Beside what the twin answers otherwise the second time: only what exceeds that is the candidate's. */
function seenPairs({ disagreements, pairs, floor }: EvidenceCounts): string {
  const seen = `${disagreements} of ${pairs} pairs differ`;
  return floor ? `${seen}, FP32 from itself in ${floor.disagreements} of ${floor.pairs}` : seen;
}
