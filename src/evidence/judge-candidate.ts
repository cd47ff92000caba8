import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import type { CandidateFigures } from '../domain/engagement.ts';
import { dropUpper, efficiencyChecks, qualityChecks, sliceFigures, sloCheck } from '../domain/gates.ts';
import { hardExamples } from '../domain/hard-examples.ts';
import { type LatencyRounds, summarizeLatency } from '../domain/latency.ts';
import type { QuantizedModel } from '../domain/measurement.ts';
import { compareOutcomes, type PairedOutcomes, worstRegressions } from '../domain/metrics.ts';
import type { Scheme } from '../domain/recipe.ts';
import type { Spec } from '../domain/spec.ts';
import { mcnemarExact } from '../domain/statistics/mcnemar.ts';
import { TASKS } from '../domain/tasks.ts';
import type { Check } from '../domain/verdict.ts';
import { readDataset } from '../inference/dataset.ts';
import { readPredictions } from '../inference/predictions.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { CandidateEvidence, EfficiencyEvidence } from './evidence.ts';

const REGRESSIONS = 10;

/** Computes figures and checks from the files alone: when a verdict is made, and again when it is verified. */
export async function judgeFromFiles(
  evidence: Omit<CandidateEvidence, 'checks'>,
  artifacts: ArtifactStore
): Promise<{ figures: CandidateFigures; baselineMacroF1: number; baselineAccuracy: number; checks: Check[] }> {
  const { quality, scheme, serving, sizeBytes, coverage } = evidence;
  const data = readDataset(await artifacts.verified(evidence.data), []);
  const baseline = readPredictions(await artifacts.verified(evidence.baselinePredictions));
  const candidate = readPredictions(await artifacts.verified(evidence.candidatePredictions));
  for (const [name, { ids }] of Object.entries({ baseline, candidate })) {
    const stray = data.ids.findIndex((id, row) => id !== ids[row]);
    if (stray >= 0 || ids.length !== data.ids.length)
      throw new Error(`the ${name}'s predictions are not of these rows: they differ at row ${stray}`);
  }
  const answers = { labels: data.labels, baseline: baseline.top1, candidate: candidate.top1 };
  const outcomes = compareOutcomes({ ...answers, slices: data.slices });
  const ofRows = (figure: (row: number) => number) => Array.from(data.ids, (_, row) => figure(row));
  const { hasTokens } = TASKS[evidence.task ?? 'text-classification'];
  const shape = hasTokens ? { lengths: ofRows(data.lengthOf) } : { contrasts: ofRows(data.spreadOf) };
  const hard = hardExamples({ labels: data.labels, baselineMargins: baseline.margins, ...shape });
  const regressions = worstRegressions({
    ...answers,
    ids: data.ids,
    baselineMargins: baseline.margins,
    limit: REGRESSIONS,
  });
  const latency = summarizeLatency(await artifacts.readJson<LatencyRounds>(evidence.latencyRounds));
  const sizeRatio = sizeBytes.candidate / sizeBytes.baseline;
  const { checks, slices } = qualityChecks(quality, outcomes);
  checks.push(...efficiencyChecks(quality, { scheme, sizeBytes, latency, coverage }));
  if (serving) checks.push(sloCheck(serving, latency.candidate));
  return {
    checks,
    baselineAccuracy: outcomes.accuracyBaseline,
    baselineMacroF1: outcomes.macroF1Baseline,
    figures: {
      role: evidence.role,
      rows: outcomes.rows,
      accuracy: outcomes.accuracyCandidate,
      macroF1: outcomes.macroF1Candidate,
      accuracyDrop: outcomes.accuracyBaseline - outcomes.accuracyCandidate,
      accuracyDropUpper: dropUpper(quality, outcomes),
      flips: outcomes.flips,
      lost: outcomes.lost,
      won: outcomes.won,
      slices,
      hardExamples: sliceFigures(quality, withoutOthers(compareOutcomes({ ...answers, slices: hard }))),
      mcnemarP: mcnemarExact({ b: outcomes.lost, c: outcomes.won }),
      regressions,
      sizeRatio,
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

/** Only the hard rows themselves. */
const withoutOthers = ({ slices }: PairedOutcomes) => ({
  slices: slices.filter(({ name }) => !name.endsWith('=other')),
});

/** What a verdict on a candidate rests on; the service level is judged on the hold-out alone. */
export function basisOf({
  spec,
  role,
  scheme,
  data,
  predictions,
  rounds,
  baselineBytes,
  quantized,
}: {
  spec: Spec;
  role: 'selection' | 'holdout';
  scheme: Scheme;
  data: PreparedData;
  predictions: Record<'baseline' | 'candidate', ArtifactRef>;
  rounds: ArtifactRef;
  baselineBytes: number;
  quantized: Pick<QuantizedModel, 'sizeBytes' | 'coverage'>;
}): Omit<CandidateEvidence, 'checks'> {
  return {
    kind: 'candidate',
    role,
    task: spec.model.task,
    scheme,
    quality: spec.quality,
    serving: role === 'holdout' ? spec.serving : null,
    data: data.arrow,
    baselinePredictions: predictions.baseline,
    candidatePredictions: predictions.candidate,
    latencyRounds: rounds,
    sizeBytes: { baseline: baselineBytes, candidate: quantized.sizeBytes },
    coverage: quantized.coverage,
  };
}
