import type { CandidateResult, EngagementState, QualityFigures } from '../domain/engagement.ts';
import { describeLoadTest, type LoadTest } from '../domain/load/load-test.ts';
import { type BaselineMeasurement, describeEngine } from '../domain/measurement.ts';
import { PACKAGES } from '../domain/packages.ts';
import { describeSensitivity } from '../domain/search/sensitivity.ts';
import { describeCost, type ServingCost } from '../domain/serving-cost.ts';
import type { QualitySpec, Spec } from '../domain/spec.ts';
import { countOf, type SupportResult } from '../domain/support.ts';
import { measureOf, metricText, nameOf } from '../domain/tasks.ts';
import type { StageResult } from '../domain/traffic.ts';
import { describeEstimate, describeTraining, type TrainingEstimate } from '../domain/training.ts';
import { counted } from '../domain/units.ts';
import type { Check } from '../domain/verdict.ts';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const reasons = (checks: Check[]) => checks.map(({ verdict, reason }) => `- ${verdict}: ${reason}`).join('\n');

/** What approvers read at the gates; Markdown, a screenful at most. */
export function baselineSummary(
  { quality }: Spec,
  measured: {
    baseline: BaselineMeasurement;
    figures: QualityFigures;
    checks: Check[];
    loadTest?: LoadTest | undefined;
    cost?: ServingCost | undefined;
  }
): string {
  const { baseline, figures, checks, loadTest, cost } = measured;
  const { p50Ms, p95Ms, p99Ms } = baseline.latency;
  return [
    `Today's model: ${megabytes(baseline.sizeBytes)}, ${nameOf(quality)} ${metricText(quality, figures.accuracy)} on ${figures.rows} rows, ` +
      `latency p50 ${p50Ms.toFixed(1)} / p95 ${p95Ms.toFixed(1)} / p99 ${p99Ms.toFixed(1)} ms, ` +
      `${baseline.throughput.perSecond.toFixed(1)} inferences per second, ${megabytes(baseline.memoryBytes)} of memory.`,
    ...(loadTest ? [`Under load: ${describeLoadTest(loadTest)}.`] : []),
    ...(cost ? [`${describeCost(cost)}.`] : []),
    reasons(checks),
    'Approving accepts metric, margin, slices and thresholds, and starts the candidates.',
  ].join('\n\n');
}

export function candidatesSummary(spec: Spec, candidates: CandidateResult[], checks: Check[]): string {
  const ofCandidate = ({ id, verdict, reason, figures }: CandidateResult) =>
    figures
      ? `- ${id}: ${verdict}. ${figures.sizeRatio.toFixed(3)} of the size, ${figures.speedup.toFixed(2)}x as fast, ` +
        `${nameOf(spec.quality)} ${metricText(spec.quality, figures.accuracy)} (drop ${(100 * figures.accuracyDrop).toFixed(2)} points, ` +
        `at most ${(100 * figures.accuracyDropUpper).toFixed(2)} of ${spec.quality.marginPoints}), ` +
        `${figures.flips} ${changed(spec.quality)}${verdict === 'successful' ? '' : `. ${reason}`}`
      : `- ${id}: ${verdict}. ${reason}`;
  const lines = candidates.map((candidate) => {
    const engine = candidate.trial?.quantized.engine;
    return engine ? `${ofCandidate(candidate)}. ${describeEngine(engine)}` : ofCandidate(candidate);
  });
  return [
    lines.join('\n'),
    reasons(checks),
    candidates.some(({ verdict }) => verdict === 'successful')
      ? 'Approving lets the successful ones go on; `--changes` with `candidates: [...]` lets fewer.'
      : noneGoesOn(spec),
  ].join('\n\n');
}

const changed = (quality: QualitySpec): string =>
  ({ share: 'flips', mean: 'rows changed', fidelity: 'rows changed', correlation: 'pairs moved' })[measureOf(quality)];

const noneGoesOn = (spec: Spec): string =>
  `None of them can go on as it is. ${
    PACKAGES[spec.package].optimizes
      ? 'Waiving lets the next phase look for one that holds every requirement'
      : `Waiving ends the engagement without a candidate, as package ${spec.package} looks for no further ones`
  }; revising with other thresholds or recipes runs this phase again.`;

/** What training costs, what it needs and what it cannot promise. */
export function proposalSummary(input: { spec: Spec; from: CandidateResult; estimate: TrainingEstimate }): string {
  const { spec, from, estimate } = input;
  const { accuracyDrop, accuracyDropUpper, lost, rows } = from.figures!;
  return [
    `No post-training candidate holds every requirement. The nearest, ${from.id}, drops ${(100 * accuracyDrop).toFixed(2)} points, ` +
      `at most ${(100 * accuracyDropUpper).toFixed(2)} of ${spec.quality.marginPoints} (${lost} of ${rows} rows lost).`,
    'Quantization-aware training goes on training the FP32 weights while their rounding is felt, with the FP32 model as teacher.',
    `It costs ${describeEstimate(estimate)}. It reads the train rows, stops early by the selection rows, and never sees the hold-out.`,
    'Approving starts it. Its candidate goes through the same gates; nothing promises that it holds. Rejecting ends the phase as it stands.',
  ].join('\n\n');
}

export function holdoutSummary(
  input: Pick<EngagementState, 'spec' | 'holdout' | 'loadTests' | 'sensitivity' | 'training'> & { checks: Check[] }
): string {
  const { spec, holdout, loadTests, sensitivity, training, checks } = input;
  const sensitive = [
    ...(sensitivity ? [`${describeSensitivity(sensitivity)}.`] : []),
    ...(training ? [`${describeTraining(training)}.`] : []),
  ];
  if (!holdout) return [...sensitive, reasons(checks)].join('\n\n');
  const { candidate, baseline } = holdout;
  return [
    `${candidate.id} on the untouched hold-out (${baseline.rows} rows): ${nameOf(spec.quality)} ${metricText(spec.quality, candidate.figures!.accuracy)}, ` +
      `FP32 ${metricText(spec.quality, baseline.accuracy)}; ${candidate.figures!.speedup.toFixed(2)}x as fast, ` +
      `${candidate.figures!.sizeRatio.toFixed(3)} of the size.`,
    ...(loadTests?.baseline ? [`FP32 under load: ${describeLoadTest(loadTests.baseline)}.`] : []),
    ...(loadTests?.chosen ? [`${candidate.id} under load: ${describeLoadTest(loadTests.chosen)}.`] : []),
    ...sensitive,
    reasons(checks),
    PACKAGES[spec.package].rollsOut
      ? `Approving releases it to the production traffic of ${spec.model.name}, beginning in the shadow.`
      : `Approving ends the engagement with how to serve it; package ${spec.package} has no rollout.`,
  ].join('\n\n');
}

export function stagesSummary(stages: StageResult[], next: number): string {
  const lines = stages.map(
    ({ weight, observations, verdict, reason }) =>
      `- ${weight === 0 ? 'shadow' : `${weight} %`}: ${verdict}, ${observations} pairs. ${reason}`
  );
  return [lines.join('\n'), `Approving lets ${next} % of the traffic go to the candidate.`].join('\n\n');
}

export function supportSummary({ model }: Spec, support: SupportResult): string {
  const { reason, weeks, incidents, finalWeight, proposal } = support;
  const lines = incidents.map(
    ({ number, day, kind, reason, acknowledged }) =>
      `- incident ${number} (day ${day}, ${kind}): ${reason}; ${acknowledged ? `acknowledged by ${acknowledged.by}: ${acknowledged.comment}` : 'not acknowledged'}`
  );
  return [
    `The support window of ${model.name}: ${reason}; ${counted(weeks.length, 'report')}, ${countOf(incidents.length)}.`,
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...(proposal ? [`Proposed on day ${proposal.day}: engagement ${proposal.engagement}. ${proposal.reason}.`] : []),
    finalWeight === 0
      ? 'FP32 answers every request. Closing ends the engagement; another attempt is another rollout.'
      : `The candidate keeps ${finalWeight} % of the traffic. Closing ends the guard, and FP32 may be taken down.`,
  ].join('\n\n');
}
