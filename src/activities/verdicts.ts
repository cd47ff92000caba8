import type { ArtifactRef } from '../domain/artifact.ts';
import type { BarChart } from '../domain/bar-chart.ts';
import { candidateChart, dropChart, latencyChart, stageChart, weekChart } from '../domain/charts.ts';
import type {
  CandidateResult,
  EngagementState,
  Phase,
  Preparation,
  QualityFigures,
  RolloutResult,
} from '../domain/engagement.ts';
import { baselineChecks, loadAuditCheck } from '../domain/gates.ts';
import type { Saving } from '../domain/listed.ts';
import type { LoadTest } from '../domain/load/load-test.ts';
import type { BaselineMeasurement } from '../domain/measurement.ts';
import { judgeConfigOf } from '../domain/rollout-policy.ts';
import { type Economics, servingCost } from '../domain/serving-cost.ts';
import type { Spec } from '../domain/spec.ts';
import { type SupportResult, supportCheck } from '../domain/support.ts';
import type { StageResult } from '../domain/traffic.ts';
import { describeEstimate, describeTraining, type TrainingEstimate } from '../domain/training.ts';
import { type Check, type Verdict, withoutWinner } from '../domain/verdict.ts';
import { figuresFromFiles } from '../evidence/baseline-figures.ts';
import type { PhaseEvidence, RolloutEvidence, SupportEvidence } from '../evidence/evidence.ts';
import { createCandidateVerdicts } from './candidate-verdicts.ts';
import {
  baselineSummary,
  candidatesSummary,
  holdoutSummary,
  proposalSummary,
  stagesSummary,
  supportSummary,
} from './summaries.ts';

interface Judged {
  checks: Check[];
  summary: string;
  chart?: BarChart | undefined;
  evidence: ArtifactRef;
}

/** Verdicts on phases; what approvers are asked with. */
export const createVerdictActivities = (dependencies: Parameters<typeof createCandidateVerdicts>[0]) => {
  const { artifacts } = dependencies;
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

  return {
    ...createCandidateVerdicts(dependencies),

    async judgeBaseline(input: {
      spec: Spec;
      preparation: Preparation;
      baseline: BaselineMeasurement;
      loadTest?: LoadTest;
      economics?: Economics | undefined;
    }): Promise<Judged & { figures: QualityFigures }> {
      const { spec, preparation, baseline, loadTest, economics } = input;
      const dataPath = await artifacts.verified(preparation.data.selection!.arrow);
      const predictions = await artifacts.verified(baseline.predictions.arrow);
      const figures: QualityFigures = { role: 'selection', ...figuresFromFiles(spec.quality, dataPath, predictions) };
      const checks = baselineChecks(spec, preparation, figures, baseline.latency);
      const evidence = await phaseEvidence('baseline', checks, []);
      const cost = economics && servingCost(economics, { baseline: loadTest });
      const summary = baselineSummary(spec, { baseline, figures, checks, loadTest, cost });
      return { checks, figures, evidence, summary, chart: latencyChart(baseline.latency, spec.serving) };
    },

    /** The phase passes when at least one candidate does; the others' verdicts stay their own. */
    async judgePtq({ spec, candidates }: { spec: Spec; candidates: CandidateResult[] }): Promise<Judged> {
      const passed = candidates.filter(({ verdict }) => verdict === 'successful');
      const verdict: Verdict = passed.length > 0 ? 'successful' : withoutWinner(candidates);
      const names = passed.map(({ id }) => id).join(', ');
      const reason =
        passed.length > 0
          ? `${passed.length} of ${candidates.length} candidates hold every requirement: ${names}`
          : `no candidate holds every requirement: ${candidates.map(({ id, reason }) => `${id}: ${reason}`).join('; ')}`;
      const checks = [{ name: 'candidates', verdict, reason }];
      const evidence = await phaseEvidence('ptq', checks, candidates);
      const chart = dropChart(candidates, spec.quality);
      return { checks, evidence, summary: candidatesSummary(spec, candidates, checks), chart };
    },

    /** Training is proposed, not proven: approving it buys a candidate, which goes through the same gate. */
    async judgeProposal(input: { spec: Spec; from: CandidateResult; estimate: TrainingEstimate }): Promise<Judged> {
      const { from, estimate } = input;
      const reason = `${from.id} does not hold the margin, nor does any other post-training candidate; training costs ${describeEstimate(estimate)}`;
      const checks: Check[] = [{ name: 'proposal', verdict: 'successful', reason }];
      const chart = dropChart([from], input.spec.quality);
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
      economics?: Economics | undefined;
    }): Promise<Judged & { saving?: Saving | null | undefined }> {
      const { winner, candidates, search, holdout, loadTests, training, economics } = input;
      const trained = training ? `; ${describeTraining(training)}` : '';
      const checks: Check[] =
        winner && holdout
          ? [...holdout.candidate.checks, ...(loadTests?.chosen ? [loadAuditCheck(loadTests.chosen)] : [])]
          : [noneLeft(candidates, trained, search?.ended)];
      const evidence = await phaseEvidence('optimization', checks, holdout ? [holdout.candidate] : []);
      const chart = holdout && candidateChart(holdout.candidate);
      const saving = economics && (servingCost(economics, loadTests ?? {})?.range?.savingUsd ?? null);
      return { checks, evidence, summary: holdoutSummary({ ...input, checks }), chart, saving };
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

/** Where nothing holds every requirement; a search that ended before it tried anything says nothing of the model. */
function noneLeft(candidates: CandidateResult[], trained: string, ended?: string): Check {
  const why = ended ? `; the search ended early: ${ended}` : '';
  const reason = `no candidate is left that holds every requirement${trained}${why}`;
  return { name: 'candidates', verdict: withoutWinner(candidates), reason };
}

export type VerdictActivities = ReturnType<typeof createVerdictActivities>;
