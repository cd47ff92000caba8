import { isCancellation, log, setCurrentDetails } from '@temporalio/workflow';
import type { CandidateResult, EngagementInput, EngagementState } from '../domain/engagement.ts';
import { lastWords } from '../domain/errors.ts';
import { PACKAGES } from '../domain/packages.ts';
import { type PlannedCandidate, trainingPlan } from '../domain/recipes.ts';
import { records, training } from './activities.ts';
import { decideAt } from './gate.ts';

/** What could be trained: a post-training candidate that lost too much, train rows, and a package that has it. */
export function trainable(state: EngagementState): { from: CandidateResult; plan: PlannedCandidate } | undefined {
  const { spec, preparation, candidates } = state;
  if (!PACKAGES[spec.package].trains || !preparation?.data.train) return undefined;
  return trainingPlan(spec, candidates);
}

/** Proposes training with its price; returns what to train when a person approves. */
export async function proposeTraining(
  input: EngagementInput,
  state: EngagementState,
  attempt: number
): Promise<PlannedCandidate[]> {
  const found = trainable(state);
  if (!found) return [];
  const { spec, preparation } = state;
  const { from, plan } = found;
  state.training = { from: from.id };
  try {
    setCurrentDetails(`Timing a few steps of quantization-aware training from \`${from.id}\``);
    state.training.estimate = await training.estimateTraining({
      engagement: spec.engagement,
      recipe: plan.recipe,
      model: input.sources.model,
      calibration: preparation!.data.calibration!,
      selection: preparation!.data.selection!,
      train: preparation!.data.train!,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    state.training.problem = lastWords(error);
    log.warn(`training from ${from.id} cannot be proposed: ${state.training.problem}`);
    return []; // the phase ends as it would have
  }
  const { summary, chart, evidence } = await records.judgeProposal({ spec, from, estimate: state.training.estimate });
  state.training.decision = await decideAt(state, spec, {
    phase: 'optimization',
    gate: 'qat',
    attempt,
    verdict: 'successful', // as a proposal: what it makes is judged like every other candidate
    summary,
    chart,
    evidenceSha256: evidence.sha256,
  });
  const { outcome } = state.training.decision;
  return outcome === 'approved' || outcome === 'waived' ? [plan] : [];
}
