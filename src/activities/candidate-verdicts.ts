import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import type {
  CandidateFigures,
  CandidateResult,
  EngagementState,
  Phase,
  QualityFigures,
} from '../domain/engagement.ts';
import type { BaselineMeasurement, GivenUp, Predictions, Trial } from '../domain/measurement.ts';
import type { Recipe } from '../domain/recipe.ts';
import type { Spec } from '../domain/spec.ts';
import { nameOf } from '../domain/tasks.ts';
import { type Check, combine, reasonOf, type Verdict } from '../domain/verdict.ts';
import type { CandidateEvidence, EfficiencyEvidence } from '../evidence/evidence.ts';
import { basisOf, efficiencyFromFiles, judgeFromFiles } from '../evidence/judge-candidate.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import { runId } from './run-id.ts';

interface Dependencies {
  artifacts: ArtifactStore;
  journalOf: (engagement: string) => Journal;
}

interface CandidateSubject {
  engagement: string;
  id: string;
  phase: Phase;
  recipe: Recipe;
}

/** Verdicts on candidates, computed from files, and the evidence that lets others compute them again. */
export const createCandidateVerdicts = ({ artifacts, journalOf }: Dependencies) => {
  async function judged(
    subject: CandidateSubject,
    basis: Omit<CandidateEvidence, 'checks'>
  ): Promise<{ figures: CandidateFigures; baseline: QualityFigures; verdict: Outcome }> {
    const { checks, figures, baseline } = await judgeFromFiles(basis, artifacts);
    const evidence = await artifacts.putJson({ ...basis, checks } satisfies CandidateEvidence);
    const verdict = { verdict: combine(checks), reason: reasonOf(checks), checks, evidence };
    await journalOf(subject.engagement).append(
      `verdict/${subject.id}/${basis.role}/${evidence.sha256.slice(0, 12)}/${runId()}`,
      'verdict',
      { ...subject, ...verdict, figures }
    );
    const { role, rows } = figures;
    return { figures, verdict, baseline: { role, rows, ...baseline } };
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
    const reason = `${reasonOf(checks)}; given up before its ${nameOf(quality)} was asked`;
    const verdict = { verdict: combine(checks), reason, checks, evidence };
    const event = `verdict/${id}/selection/${evidence.sha256.slice(0, 12)}/${runId()}`;
    await journalOf(subject.engagement).append(event, 'verdict', { ...subject, ...verdict });
    return { id, phase, scheme: recipe.scheme, recipe, givenUp, ...verdict };
  }

  return {
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
      const basis = basisOf({
        spec,
        role: 'selection',
        scheme: recipe.scheme,
        data: selection,
        predictions: { baseline: baseline.predictions, candidate: trial.predictions },
        trial,
        baseline,
      });
      const { figures, verdict } = await judged(subject, basis);
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

    /** The one look at the hold-out. */
    async judgeHoldout(input: {
      spec: Spec;
      winner: CandidateResult;
      baseline: BaselineMeasurement;
      holdout: PreparedData;
      predictions: { baseline: Predictions; candidate: Predictions };
    }): Promise<NonNullable<EngagementState['holdout']>> {
      const { spec, winner, baseline, holdout, predictions } = input;
      const subject = { engagement: spec.engagement, id: winner.id, phase: winner.phase, recipe: winner.recipe };
      const basis = basisOf({
        spec,
        role: 'holdout',
        scheme: winner.scheme,
        data: holdout,
        predictions,
        trial: winner.trial!,
        baseline,
      });
      const looked = await judged(subject, basis);
      return { baseline: looked.baseline, candidate: { ...winner, figures: looked.figures, ...looked.verdict } };
    },
  };
};

interface Outcome {
  verdict: Verdict;
  reason: string;
  checks: Check[];
  evidence: ArtifactRef;
}
