import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import type { CandidateFigures } from '../domain/engagement.ts';
import { dropUpper, efficiencyChecks, qualityChecks, sliceFigures, sloCheck } from '../domain/gates.ts';
import { hardExamples } from '../domain/hard-examples.ts';
import { type LatencyRounds, summarizeLatency } from '../domain/latency.ts';
import type { QuantizedModel } from '../domain/measurement.ts';
import { compareOutcomes, macroF1, worstRegressions } from '../domain/metrics.ts';
import type { Scheme } from '../domain/recipe.ts';
import type { QualitySpec, Spec } from '../domain/spec.ts';
import { mcnemarExact } from '../domain/statistics/mcnemar.ts';
import { isScored, TASKS, type TaskName } from '../domain/tasks.ts';
import type { Check } from '../domain/verdict.ts';
import { type Dataset, readDataset } from '../inference/dataset.ts';
import { readPredictions } from '../inference/predictions.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { CandidateEvidence, EfficiencyEvidence } from './evidence.ts';
import {
  contrastsOf,
  type Judged,
  judgeScores,
  lengthsOf,
  type Paths,
  REGRESSIONS,
  requireSameRows,
} from './judge-scores.ts';

/** Computes figures and checks from the files alone: when a verdict is made, and again when it is verified. */
export async function judgeFromFiles(
  evidence: Omit<CandidateEvidence, 'checks'>,
  artifacts: ArtifactStore
): Promise<{ figures: CandidateFigures; baseline: Judged['baseline'] & { accuracy: number }; checks: Check[] }> {
  const { quality, scheme, serving, sizeBytes, coverage } = evidence;
  const data = readDataset(await artifacts.verified(evidence.data), []);
  const paths = {
    baseline: await artifacts.verified(evidence.baselinePredictions),
    candidate: await artifacts.verified(evidence.candidatePredictions),
  };
  const { outcomes, hard, figures, baseline } = isScored(quality)
    ? judgeScores(data, paths, quality)
    : judgeClasses(data, paths, evidence.task);
  const latency = summarizeLatency(await artifacts.readJson<LatencyRounds>(evidence.latencyRounds));
  const { checks, slices } = qualityChecks(quality, outcomes);
  checks.push(...efficiencyChecks(quality, { scheme, sizeBytes, latency, coverage }));
  if (serving) checks.push(sloCheck(serving, latency.candidate));
  return {
    checks,
    baseline: { ...baseline, accuracy: outcomes.accuracyBaseline },
    figures: {
      role: evidence.role,
      rows: outcomes.rows,
      accuracy: outcomes.accuracyCandidate,
      ...figures,
      accuracyDrop: outcomes.accuracyBaseline - outcomes.accuracyCandidate,
      accuracyDropUpper: dropUpper(quality, outcomes),
      flips: outcomes.flips,
      lost: outcomes.lost,
      won: outcomes.won,
      slices,
      hardExamples: hardestFigures(quality, hard),
      mcnemarP: mcnemarExact({ b: outcomes.lost, c: outcomes.won }),
      sizeRatio: sizeBytes.candidate / sizeBytes.baseline,
      speedup: latency.speedup,
      speedupInterval: latency.speedupInterval,
      noiseInterval: latency.noiseInterval,
      integerCoverage: coverage.share,
    },
  };
}

/** The checks that need no accuracy, from the files alone. */
export async function efficiencyFromFiles(
  { quality, scheme, sizeBytes, coverage, latencyRounds }: Omit<EfficiencyEvidence, 'checks'>,
  artifacts: ArtifactStore
): Promise<Check[]> {
  const latency = latencyRounds && summarizeLatency(await artifacts.readJson<LatencyRounds>(latencyRounds));
  return efficiencyChecks(quality, { scheme, sizeBytes, latency, coverage });
}

function judgeClasses(data: Dataset, paths: Paths, task: TaskName = 'text-classification'): Judged {
  const baseline = readPredictions(paths.baseline);
  const candidate = readPredictions(paths.candidate);
  requireSameRows(data, { baseline, candidate });
  const { labels } = data;
  const answers = { labels, baseline: baseline.top1, candidate: candidate.top1 };
  const baselineMargins = baseline.margins;
  const { hasTokens } = TASKS[task];
  const shape = hasTokens ? { lengths: lengthsOf(data) } : { contrasts: contrastsOf(data) };
  const hard = hardExamples({ labels, baselineMargins, ...shape });
  return {
    outcomes: compareOutcomes({ ...answers, slices: data.slices }),
    hard: compareOutcomes({ ...answers, slices: hard }),
    figures: {
      macroF1: macroF1(labels, candidate.top1),
      regressions: worstRegressions({ ...answers, ids: data.ids, baselineMargins, limit: REGRESSIONS }),
    },
    baseline: { macroF1: macroF1(labels, baseline.top1) },
  };
}

/** Only the hard rows themselves. */
function hardestFigures(quality: QualitySpec, outcomes: Judged['hard']) {
  const slices = [...outcomes.slices].filter(({ name }) => !name.endsWith('=other'));
  return sliceFigures(quality, { slices });
}

/** What a verdict on a candidate rests on; the service level is judged on the hold-out alone. */
export function basisOf({
  spec,
  role,
  scheme,
  data,
  predictions,
  trial: { latency, quantized },
  baseline,
}: {
  spec: Spec;
  role: 'selection' | 'holdout';
  scheme: Scheme;
  data: PreparedData;
  predictions: Record<'baseline' | 'candidate', { arrow: ArtifactRef }>;
  trial: { latency: { rounds: ArtifactRef }; quantized: Pick<QuantizedModel, 'sizeBytes' | 'coverage'> };
  baseline: { sizeBytes: number };
}): Omit<CandidateEvidence, 'checks'> {
  return {
    kind: 'candidate',
    role,
    task: spec.model.task,
    scheme,
    quality: spec.quality,
    serving: role === 'holdout' ? spec.serving : null,
    data: data.arrow,
    baselinePredictions: predictions.baseline.arrow,
    candidatePredictions: predictions.candidate.arrow,
    latencyRounds: latency.rounds,
    sizeBytes: { baseline: baseline.sizeBytes, candidate: quantized.sizeBytes },
    coverage: quantized.coverage,
  };
}
