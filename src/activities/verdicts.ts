import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import type { BarChart } from '../domain/bar-chart.ts';
import { candidateChart, dropChart, latencyChart, stageChart, weekChart } from '../domain/charts.ts';
import type {
  CandidateFigures,
  CandidateResult,
  EngagementState,
  Phase,
  Preparation,
  QualityFigures,
  RolloutResult,
} from '../domain/engagement.ts';
import { baselineChecks, loadAuditCheck } from '../domain/gates.ts';
import type { LoadTest } from '../domain/load/load-test.ts';
import type { BaselineMeasurement, GivenUp, Predictions, Trial } from '../domain/measurement.ts';
import { accuracy, macroF1 } from '../domain/metrics.ts';
import type { Recipe } from '../domain/recipe.ts';
import { judgeConfigOf } from '../domain/rollout-policy.ts';
import { type Economics, servingCost } from '../domain/serving-cost.ts';
import type { Spec } from '../domain/spec.ts';
import { type SupportResult, supportCheck } from '../domain/support.ts';
import type { StageResult } from '../domain/traffic.ts';
import { describeEstimate, describeTraining, type TrainingEstimate } from '../domain/training.ts';
import { type Check, combine, reasonOf, type Verdict } from '../domain/verdict.ts';
import type {
  CandidateEvidence,
  EfficiencyEvidence,
  PhaseEvidence,
  RolloutEvidence,
  SupportEvidence,
} from '../evidence/evidence.ts';
import { efficiencyFromFiles, judgeFromFiles } from '../evidence/judge-candidate.ts';
import { readDataset } from '../inference/dataset.ts';
import { readPredictions } from '../inference/predictions.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import { runId } from './run-id.ts';
import {
  baselineSummary,
  candidatesSummary,
  holdoutSummary,
  proposalSummary,
  stagesSummary,
  supportSummary,
} from './summaries.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  journalOf: (engagement: string) => Journal;
}

interface Judged {
  checks: Check[];
  summary: string;
  chart?: BarChart | undefined;
  evidence: ArtifactRef;
}

interface CandidateSubject {
  engagement: string;
  id: string;
  phase: Phase;
  recipe: Recipe;
}

/** Verdicts, computed from files, and the evidence that lets others compute them again. */
export const createVerdictActivities = ({ artifacts, journalOf }: Dependencies) => {
  async function phaseEvidence(
    phase: Phase | 'qat',
    checks: Check[],
    candidates: CandidateResult[]
  ): Promise<ArtifactRef> {
    const evidence: PhaseEvidence = {
      kind: 'phase',
      phase,
      checks,
      candidates: candidates.map(({ id, checks, evidence }) => ({ id, checks, evidence: evidence ?? null })),
    };
    return artifacts.putJson(evidence);
  }

  async function judged(
    subject: CandidateSubject,
    basis: Omit<CandidateEvidence, 'checks'>
  ): Promise<{ figures: CandidateFigures; baseline: QualityFigures; verdict: Outcome }> {
    const { checks, figures, baselineAccuracy, baselineMacroF1 } = await judgeFromFiles(basis, artifacts);
    const evidence = await artifacts.putJson({ ...basis, checks } satisfies CandidateEvidence);
    const verdict = { verdict: combine(checks), reason: reasonOf(checks), checks, evidence };
    await journalOf(subject.engagement).append(
      `verdict/${subject.id}/${basis.role}/${evidence.sha256.slice(0, 12)}/${runId()}`,
      'verdict',
      { ...subject, ...verdict, figures }
    );
    const { role, rows } = figures;
    return { figures, verdict, baseline: { role, rows, accuracy: baselineAccuracy, macroF1: baselineMacroF1 } };
  }

  async function judgeGivenUp(
    subject: CandidateSubject,
    { quality }: Spec,
    baseline: BaselineMeasurement,
    givenUp: GivenUp
  ): Promise<CandidateResult> {
    const { quantized, latency } = givenUp;
    const { id, phase, recipe } = subject;
    const basis: Omit<EfficiencyEvidence, 'checks'> = {
      kind: 'efficiency',
      scheme: recipe.scheme,
      quality,
      latencyRounds: latency?.rounds ?? null,
      sizeBytes: { baseline: baseline.sizeBytes, candidate: quantized.sizeBytes },
      coverage: quantized.coverage,
    };
    const checks = await efficiencyFromFiles(basis, artifacts);
    const evidence = await artifacts.putJson({ ...basis, checks } satisfies EfficiencyEvidence);
    const reason = `${reasonOf(checks)}; given up before its accuracy was asked`;
    const verdict = { verdict: combine(checks), reason, checks, evidence };
    const event = `verdict/${id}/selection/${evidence.sha256.slice(0, 12)}/${runId()}`;
    await journalOf(subject.engagement).append(event, 'verdict', { ...subject, ...verdict });
    return { id, phase, scheme: recipe.scheme, recipe, givenUp, ...verdict };
  }

  return {
    async judgeBaseline(input: {
      spec: Spec;
      preparation: Preparation;
      baseline: BaselineMeasurement;
      loadTest?: LoadTest;
      economics?: Economics | undefined;
    }): Promise<Judged & { figures: QualityFigures }> {
      const { spec, preparation, baseline, loadTest, economics } = input;
      const data = readDataset(await artifacts.verified(preparation.data.selection!.arrow), []);
      const { top1 } = readPredictions(await artifacts.verified(baseline.predictions.arrow));
      const figures: QualityFigures = {
        role: 'selection',
        rows: data.rows,
        accuracy: accuracy(data.labels, top1),
        macroF1: macroF1(data.labels, top1),
      };
      const checks = baselineChecks(spec, preparation, figures, baseline.latency);
      const evidence = await phaseEvidence('baseline', checks, []);
      const cost = economics && servingCost(economics, { baseline: loadTest });
      const summary = baselineSummary(baseline, figures, checks, { loadTest, cost });
      return { checks, figures, evidence, summary, chart: latencyChart(baseline.latency, spec.serving) };
    },

    async judgeCandidate(
      input: CandidateSubject & {
        spec: Spec;
        baseline: BaselineMeasurement;
        selection: PreparedData;
        trial: Trial | GivenUp;
      }
    ): Promise<CandidateResult> {
      const { engagement, id, phase, recipe, spec, baseline, selection, trial } = input;
      const subject = { engagement, id, phase, recipe };
      if ('isGivenUp' in trial) return judgeGivenUp(subject, spec, baseline, trial);
      const { figures, verdict } = await judged(subject, {
        kind: 'candidate',
        role: 'selection',
        task: spec.model.task,
        scheme: recipe.scheme,
        quality: spec.quality,
        serving: null,
        data: selection.arrow,
        baselinePredictions: baseline.predictions.arrow,
        candidatePredictions: trial.predictions.arrow,
        latencyRounds: trial.latency.rounds,
        sizeBytes: { baseline: baseline.sizeBytes, candidate: trial.quantized.sizeBytes },
        coverage: trial.quantized.coverage,
      });
      return { id, phase, scheme: recipe.scheme, recipe, trial, figures, ...verdict };
    },

    /** A candidate that could not be made or measured: `error`, with the tool's last words. */
    async recordUnmeasured(input: CandidateSubject & { lastWords: string }): Promise<CandidateResult> {
      const { engagement, id, phase, recipe, lastWords } = input;
      const reason = `could not be measured: ${lastWords}`;
      const checks: Check[] = [{ name: 'measurable', verdict: 'error', reason }];
      const body = { id, phase, recipe, verdict: 'error', reason };
      await journalOf(engagement).append(`verdict/${id}/error/${phase}/${runId()}`, 'verdict', body);
      return { id, phase, scheme: recipe.scheme, recipe, verdict: 'error', reason, checks };
    },

    /** The phase passes when at least one candidate does; the others' verdicts stay their own. */
    async judgePtq({ spec, candidates }: { spec: Spec; candidates: CandidateResult[] }): Promise<Judged> {
      const passed = candidates.filter(({ verdict }) => verdict === 'successful');
      const verdict: Verdict = passed.length > 0 ? 'successful' : worstOf(candidates);
      const names = passed.map(({ id }) => id).join(', ');
      const reason =
        passed.length > 0
          ? `${passed.length} of ${candidates.length} candidates hold every requirement: ${names}`
          : `no candidate holds every requirement: ${candidates.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`;
      const checks = [{ name: 'candidates', verdict, reason }];
      const evidence = await phaseEvidence('ptq', checks, candidates);
      const chart = dropChart(candidates, spec.quality.marginPoints);
      return { checks, evidence, summary: candidatesSummary(spec, candidates, checks), chart };
    },

    /** The one look at the hold-out. */
    async judgeHoldout(input: {
      spec: Spec;
      winner: CandidateResult;
      baseline: BaselineMeasurement;
      holdout: PreparedData;
      predictions: { baseline: Predictions; candidate: Predictions };
    }): Promise<NonNullable<EngagementState['holdout']>> {
      const { spec, winner, baseline, holdout, predictions } = input;
      const trial = winner.trial!;
      const subject = { engagement: spec.engagement, id: winner.id, phase: winner.phase, recipe: winner.recipe };
      const looked = await judged(subject, {
        kind: 'candidate',
        role: 'holdout',
        task: spec.model.task,
        scheme: winner.scheme,
        quality: spec.quality,
        serving: spec.serving,
        data: holdout.arrow,
        baselinePredictions: predictions.baseline.arrow,
        candidatePredictions: predictions.candidate.arrow,
        latencyRounds: trial.latency.rounds,
        sizeBytes: { baseline: baseline.sizeBytes, candidate: trial.quantized.sizeBytes },
        coverage: trial.quantized.coverage,
      });
      return { baseline: looked.baseline, candidate: { ...winner, figures: looked.figures, ...looked.verdict } };
    },

    /** Training is proposed, not proven: approving it buys a candidate, which goes through the same gate. */
    async judgeProposal(input: { spec: Spec; from: CandidateResult; estimate: TrainingEstimate }): Promise<Judged> {
      const { from, estimate } = input;
      const reason = `${from.id} does not hold the margin, nor does any other post-training candidate; training costs ${describeEstimate(estimate)}`;
      const checks: Check[] = [{ name: 'proposal', verdict: 'successful', reason }];
      const chart = dropChart([from], input.spec.quality.marginPoints);
      return { checks, evidence: await phaseEvidence('qat', checks, [from]), summary: proposalSummary(input), chart };
    },

    async judgeOptimization(input: {
      spec: Spec;
      winner?: CandidateResult;
      candidates: CandidateResult[];
      search?: EngagementState['search'];
      holdout?: EngagementState['holdout'];
      loadTests?: EngagementState['loadTests'];
      sensitivity?: EngagementState['sensitivity'];
      training?: EngagementState['training'];
    }): Promise<Judged> {
      const { winner, candidates, search, holdout, loadTests, training } = input;
      const trained = training ? `; ${describeTraining(training)}` : '';
      const checks: Check[] =
        winner && holdout
          ? [...holdout.candidate.checks, ...(loadTests?.chosen ? [loadAuditCheck(loadTests.chosen)] : [])]
          : [noneLeft(candidates, trained, search?.ended)];
      const evidence = await phaseEvidence('optimization', checks, holdout ? [holdout.candidate] : []);
      const chart = holdout && candidateChart(holdout.candidate);
      return { checks, evidence, summary: holdoutSummary({ ...input, checks }), chart };
    },

    /** The stages so far, as evidence for a gate in the middle of a rollout. */
    async writeStages(input: {
      spec: Spec;
      weight: number;
      stages: StageResult[];
    }): Promise<Pick<Judged, 'summary' | 'chart' | 'evidence'>> {
      const { spec, weight, stages } = input;
      const evidence: RolloutEvidence = { kind: 'rollout', judge: judgeConfigOf(spec), stages };
      const summary = stagesSummary(stages, weight);
      return { evidence: await artifacts.putJson(evidence), summary, chart: stageChart(stages) };
    },

    async judgeRollout({ spec, rollout }: { spec: Spec; rollout: RolloutResult }): Promise<Judged> {
      const { verdict, reason, stages, finalWeight } = rollout;
      const checks: Check[] = [{ name: 'rollout', verdict, reason }];
      const evidence: RolloutEvidence = { kind: 'rollout', judge: judgeConfigOf(spec), stages };
      return { checks, evidence: await artifacts.putJson(evidence), summary: stagesSummary(stages, finalWeight) };
    },

    async judgeSupport({ spec, support }: { spec: Spec; support: SupportResult }): Promise<Judged> {
      const checks = [supportCheck(support)];
      const evidence: SupportEvidence = { kind: 'support', checks, support };
      const chart = support.weeks.length > 0 ? weekChart(support.weeks.at(-1)!) : undefined;
      return { checks, evidence: await artifacts.putJson(evidence), summary: supportSummary(spec, support), chart };
    },
  };
};

interface Outcome {
  verdict: Verdict;
  reason: string;
  checks: Check[];
  evidence: ArtifactRef;
}

/** Where nothing holds every requirement; a search that ended before it tried anything says nothing of the model. */
function noneLeft(candidates: CandidateResult[], trained: string, ended?: string): Check {
  const why = ended ? `; the search ended early: ${ended}` : '';
  const reason = `no candidate is left that holds every requirement${trained}${why}`;
  return { name: 'candidates', verdict: worstOf(candidates), reason };
}

/** Inconclusive when a person could still make something of one of them, or none was tried. */
function worstOf(candidates: CandidateResult[]): Verdict {
  if (candidates.length === 0) return 'inconclusive';
  if (candidates.some(({ verdict }) => verdict === 'inconclusive')) return 'inconclusive';
  return candidates.every(({ verdict }) => verdict === 'error') ? 'error' : 'failed';
}

export type VerdictActivities = ReturnType<typeof createVerdictActivities>;
