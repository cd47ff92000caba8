import { GUARDRAIL_SHARES, guardrailLines } from './guardrails.ts';
import { pairedNoninferior, pairedWorse, rateAbove, rateBelow } from './statistics/eprocess.ts';
import type { CountName, EvidenceCounts, EvidenceLine, JudgeConfig, RolloutJudgement } from './traffic.ts';

const ROLLBACK_TESTS = 3;
const PROMOTE_TESTS = 2;
/** Doublings after which evidence that still does not suffice is said to point the other way. */
const EXTRAPOLATION_DOUBLINGS = 40;

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

const harmMarginOf = ({ margin, harmMargin = margin / 2 }: JudgeConfig) => harmMargin;

function harmLines(counts: EvidenceCounts, config: JudgeConfig): EvidenceLine[] {
  const bound = (name: keyof typeof GUARDRAIL_SHARES) =>
    config.guardrails
      ? -Math.log(GUARDRAIL_SHARES[name] * config.alphaRollback)
      : Math.log(ROLLBACK_TESTS / config.alphaRollback);
  const errors = { events: counts.candidateErrors, trials: counts.candidateRequests };
  return [
    line(
      'disagreement-alarm',
      'rollback',
      rateAbove(disagreementOf(counts), config.disagreementBudget),
      bound('disagreement-alarm')
    ),
    line('labelled-worse', 'rollback', pairedWorse(counts, harmMarginOf(config)), bound('labelled-worse')),
    line('error-rate', 'rollback', rateAbove(errors, config.errorBudget), bound('error-rate')),
    ...(config.guardrails ? guardrailLines(counts, config, config.guardrails, harmMarginOf(config)) : []),
  ];
}

function proofLines(counts: EvidenceCounts, config: JudgeConfig): EvidenceLine[] {
  const bound = Math.log(PROMOTE_TESTS / config.alphaPromote);
  return [
    line('disagreement-certificate', 'promote', rateBelow(disagreementOf(counts), config.margin), bound),
    line('labelled-noninferior', 'promote', pairedNoninferior(counts, config.margin), bound),
  ];
}

function line(name: EvidenceLine['name'], action: EvidenceLine['action'], lnE: number, bound: number): EvidenceLine {
  return { name, action, lnE, bound };
}

const disagreementOf = ({ disagreements, pairs }: EvidenceCounts) => ({ events: disagreements, trials: pairs });

/** Bets grow exponentially at constant rates, so ln E is convex in the number of pairs and crosses its bound once. */
function morePairs(counts: EvidenceCounts, config: JudgeConfig): number | null {
  if (counts.pairs === 0) return null;
  const proven = (factor: number) => proofLines(scaled(counts, factor), config).some(reached);
  let high = 1;
  for (let doubling = 0; !proven(high); doubling++) {
    if (doubling === EXTRAPOLATION_DOUBLINGS) return null;
    high *= 2;
  }
  let low = high / 2;
  while ((high - low) * counts.pairs > 0.5) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (proven(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil((high - 1) * counts.pairs);
}

function scaled(counts: EvidenceCounts, factor: number): EvidenceCounts {
  const { strata: _, twinDrops: __, ...single } = counts;
  const entries = (Object.entries(single) as [CountName, number][]).map(([name, count]) => [name, count * factor]);
  return Object.fromEntries(entries) as EvidenceCounts;
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

function sentence({ name, lnE, bound }: EvidenceLine, counts: EvidenceCounts, config: JudgeConfig): string {
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
      return `served units fare worse on the candidate by more than ${points(harmMarginOf(config))} points (${strength})`;
    case 'slower':
      return `the candidate answers beyond the twin's tail by more than ${points(config.guardrails!.slowMargin)} points more often (${strength})`;
    case 'sample-ratio':
      return `units do not fall to the arms by the weight: the assignment is broken (${strength})`;
    case 'twin-estimated-drop':
      return `by the twin's probabilities more than ${points(config.guardrails!.twinDropMargin)} points were lost (${seenPairs(counts)}; ${strength})`;
    case 'disagreement-certificate':
      return `the arms disagree in less than the margin of ${points(config.margin)} points (${seenPairs(counts)}; ${strength})`;
    case 'labelled-noninferior':
      return `accuracy fell by less than the margin of ${points(config.margin)} points (${labelled}; ${strength})`;
  }
}

const seenPairs = ({ disagreements, pairs }: EvidenceCounts) => `${disagreements} of ${pairs} pairs differ`;
const labelledOf = ({ plus, minus, zero }: EvidenceCounts) => plus + minus + zero;
const points = (share: number) => Number((share * 100).toPrecision(6));
