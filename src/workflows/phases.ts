import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { ArtifactRef } from '../domain/artifact.ts';
import type { BarChart } from '../domain/bar-chart.ts';
import type { CandidateResult, EngagementInput, EngagementState, Phase } from '../domain/engagement.ts';
import { lastWords } from '../domain/errors.ts';
import { takesNoFloat } from '../domain/gates.ts';
import { candidateWorkflowId, rolloutId, supportId } from '../domain/ids.ts';
import type { Saving } from '../domain/listed.ts';
import type { Predictions, Throughput } from '../domain/measurement.ts';
import { FIRST_PROBE } from '../domain/measurement-plan.ts';
import { PACKAGES } from '../domain/packages.ts';
import { isTrained } from '../domain/recipe.ts';
import {
  best,
  calibrationPlan,
  customPlan,
  fastestFirst,
  OLDER_SPEED_TIE,
  optimizationPlan,
  type PlannedCandidate,
  ptqPlan,
  ranked,
  SPEED_TIE,
  worthSearching,
} from '../domain/recipes.ts';
import { smallPlans } from '../domain/small-plans.ts';
import type { TimeToZero } from '../domain/time-to-zero.ts';
import type { Check } from '../domain/verdict.ts';
import { loadTest, measurement, records, toolkit } from './activities.ts';
import { candidate } from './candidate.ts';
import { runChild } from './child.ts';
import { rollout } from './rollout.ts';
import { withinBudget } from './search-budget.ts';
import { findSensitive, mixedRecipe } from './sensitivity.ts';
import { support } from './support.ts';
import { proposeTraining, trainable } from './training.ts';

/** What a phase measured, ready for its gate. */
interface PhaseOutcome {
  checks: Check[];
  /** Markdown for the approver. */
  summary: string;
  chart?: BarChart | undefined;
  evidence: ArtifactRef;
  /** A month, projected; null where it came to none. */
  saving?: Saving | null | undefined;
}

type PhaseWork = (input: EngagementInput, state: EngagementState, attempt: number) => Promise<PhaseOutcome>;

export const PHASE_WORK: Record<Phase, PhaseWork> = {
  baseline: measureToday,
  ptq: tryEveryScheme,
  optimization: refineAndProve,
  rollout: rollOut,
  support: guardProduction,
};

async function measureToday(input: EngagementInput, state: EngagementState): Promise<PhaseOutcome> {
  const engagement = state.spec.engagement;
  state.preparation ??= await toolkit.prepareData({ engagement, spec: state.spec, sources: input.sources });
  state.baseline ??= await measurement.measureBaseline({
    engagement,
    spec: state.spec,
    model: input.sources.model,
    selection: state.preparation.data.selection!,
  });
  const { baseline } = state;
  await testUnderLoad(state, 'baseline', () => ({ subject: 'baseline', ...baseline }));
  const judged = await records.judgeBaseline({
    spec: state.spec,
    preparation: state.preparation,
    baseline: state.baseline,
    loadTest: state.loadTests?.baseline,
    economics: input.sources.economics,
  });
  state.baselineFigures = judged.figures;
  return judged;
}

async function tryEveryScheme(input: EngagementInput, state: EngagementState, attempt: number): Promise<PhaseOutcome> {
  const plan = [...ptqPlan(state.spec), ...customPlan(state.customRecipes)];
  state.candidates = [];
  await tryAll(input, state, 'ptq', attempt, plan);
  const isFound = () => state.candidates.some(({ verdict }) => verdict === 'successful');
  for (const fewerBits of smallPlans(state.spec)) if (!isFound()) await tryAll(input, state, 'ptq', attempt, fewerBits);
  state.released = state.candidates.filter(({ verdict }) => verdict === 'successful').map(({ id }) => id);
  return records.judgePtq({ spec: state.spec, candidates: state.candidates });
}

async function refineAndProve(input: EngagementInput, state: EngagementState, attempt: number): Promise<PhaseOutcome> {
  const released = state.candidates.filter(({ id }) => state.released.includes(id));
  const { optimizes } = PACKAGES[state.spec.package];
  const tie = speedTie();
  state.candidates = state.candidates.filter(({ phase }) => phase === 'ptq');
  if (optimizes && state.spec.search)
    // older engagements knew one way to calibrate
    await tryAll(input, state, 'optimization', attempt, calibrationPlan(state.candidates));
  if (optimizes) {
    const mixed = await mixedPrecision(input, state);
    const ordered = patched('ranked-variants') ? ranked(released, tie) : fastestFirst(released);
    await tryAll(input, state, 'optimization', attempt, [...mixed, ...optimizationPlan(state.spec, ordered)]);
  }
  const optimized = () => state.candidates.filter(({ phase }) => phase === 'optimization');
  const bestSoFar = () => best([...released, ...optimized()], tie);
  if (!bestSoFar() && trainable(state) && patched('quantization-aware-training'))
    await tryAll(input, state, 'optimization', attempt, await proposeTraining(input, state, attempt));
  if (state.training) state.training.record = state.candidates.find(({ training }) => training)?.training;
  const winner = bestSoFar();
  state.chosen = winner?.id;
  if (winner) {
    state.holdout = await lookAtHoldoutOnce(input, state, winner);
    await testUnderLoad(state, 'chosen', () => {
      const { quantized, predictions, throughput } = winner.trial!;
      return { subject: winner.id, model: quantized.model, predictions, throughput: throughput.candidate };
    });
  }
  const { candidates, search, holdout, loadTests, sensitivity, training, spec } = state;
  const { economics } = input.sources;
  const judged = { spec, winner, candidates, search, holdout, loadTests, sensitivity, training, economics };
  return records.judgeOptimization(judged);
}

function speedTie(): number {
  if (patched('narrow-speed-tie')) return SPEED_TIE; // 2026-11-27; until no older engagement runs
  return patched('speeds-in-blocks') ? OLDER_SPEED_TIE.blocks : OLDER_SPEED_TIE.oneProcess;
}

/** A candidate that keeps in FP32 what the fastest failed one cannot do without. */
async function mixedPrecision(input: EngagementInput, state: EngagementState): Promise<PlannedCandidate[]> {
  const failed = worthSearching(state.candidates);
  if (!failed || !patched('sensitivity-search')) return [];
  if (takesNoFloat(state.spec.quality) && patched('no-float')) return []; // 2026-11-27; until no older engagement runs
  try {
    const isFound = await withinBudget(state, async () => {
      state.sensitivity = await findSensitive(input, state, failed);
    });
    if (!isFound) return [];
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    state.sensitivityProblem = { candidate: failed.id, reason: lastWords(error) };
    return []; // what the other candidates came to still stands
  }
  const recipe = mixedRecipe(failed.recipe, state.sensitivity!);
  return recipe ? [{ id: `${failed.id}-mixed`, recipe }] : [];
}

async function testUnderLoad(
  state: EngagementState,
  role: 'baseline' | 'chosen',
  tested: () => { subject: string; model: ArtifactRef; predictions: Predictions; throughput: Throughput }
): Promise<void> {
  const { spec, preparation } = state;
  if (!spec.loadTest) return; // kicked off before there were load tests; its history has none
  const { subject, model, predictions, throughput } = tested();
  const result = await loadTest.runLoadTest.executeWithOptions({ summary: subject }, [
    {
      engagement: spec.engagement,
      spec,
      subject,
      model,
      predictions,
      selection: preparation!.data.selection!,
      startPerReplica: FIRST_PROBE * throughput.perSecond,
    },
  ]);
  state.loadTests = { ...state.loadTests, [role]: result };
}

async function lookAtHoldoutOnce(input: EngagementInput, state: EngagementState, winner: CandidateResult) {
  const holdout = state.preparation!.data.holdout!;
  const { spec } = state;
  const predictions = await measurement.predictHoldout({
    spec,
    model: input.sources.model,
    candidate: winner.trial!,
    holdout,
  });
  return records.judgeHoldout({ spec, winner, baseline: state.baseline!, holdout, predictions });
}

/** One at a time, as they share the host that they are measured on, until the budget ends. */
async function tryAll(
  input: EngagementInput,
  state: EngagementState,
  phase: Phase,
  attempt: number,
  plan: PlannedCandidate[]
): Promise<void> {
  const { spec, preparation, baseline } = state;
  const tryOne = async ({ id, recipe }: PlannedCandidate) =>
    state.candidates.push(
      await runChild(candidate, {
        workflowId: candidateWorkflowId(spec.engagement, id, attempt),
        staticSummary: `${phase}: ${id}`,
        args: [
          {
            engagement: spec.engagement,
            id,
            phase,
            recipe,
            spec,
            sources: input.sources,
            baseline: baseline!,
            calibration: preparation!.data.calibration!,
            selection: preparation!.data.selection!,
            ...(isTrained(recipe) && { train: preparation!.data.train }),
          },
        ],
      })
    );
  for (const planned of plan) {
    if (planned.recipe.toolkit === 'pytorch')
      await tryOne(planned); // a person has agreed to its hours
    else if (!(await withinBudget(state, () => tryOne(planned)))) return;
  }
}

async function rollOut(input: EngagementInput, state: EngagementState, attempt: number): Promise<PhaseOutcome> {
  const { spec } = state;
  const winner = state.candidates.find(({ id }) => id === state.chosen)!;
  state.rollout = await runChild(rollout, {
    workflowId: rolloutId(spec.engagement, attempt),
    staticSummary: `rollout of ${winner.id}`,
    args: [{ spec, attempt, twin: input.sources.model, candidate: winner.trial!.quantized.model }],
  });
  keepTrip(state, state.rollout.toZero);
  return records.judgeRollout({ spec, rollout: state.rollout });
}

async function guardProduction(
  _input: EngagementInput,
  state: EngagementState,
  attempt: number
): Promise<PhaseOutcome> {
  const { spec } = state;
  state.support = await runChild(support, {
    workflowId: supportId(spec.engagement, attempt),
    staticSummary: `support of ${state.chosen}`,
    args: [
      {
        spec,
        attempt,
        reference: state.preparation?.data.production?.classes ?? {},
        calibration: state.preparation?.data.calibration?.classes,
        measuredAt: state.phases.findLast(({ name }) => name === 'optimization')?.endedAt,
      },
    ],
  });
  keepTrip(state, state.support.incidents.find(({ toZero }) => toZero)?.toZero);
  return records.judgeSupport({ spec, support: state.support });
}

function keepTrip(state: EngagementState, toZero: TimeToZero | undefined): void {
  if (toZero) state.trips = [...(state.trips ?? []), toZero];
}
