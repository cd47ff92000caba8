import type { ArtifactRef, PreparedData } from '../domain/artifact.ts';
import type { CandidateFigures } from '../domain/engagement.ts';
import { dropUpper, efficiencyChecks, qualityChecks, sliceFigures, sloCheck } from '../domain/gates.ts';
import { hardExamples } from '../domain/hard-examples.ts';
import { type LatencyRounds, summarizeLatency } from '../domain/latency.ts';
import type { QuantizedModel } from '../domain/measurement.ts';
import { compareOutcomes, macroF1, type PairedOutcomes, worstRegressions } from '../domain/metrics.ts';
import type { Scheme } from '../domain/recipe.ts';
import { compareScores, type ScoreOutcomes, scoreSpread, worstScoreRegressions } from '../domain/scores.ts';
import type { QualitySpec, Spec } from '../domain/spec.ts';
import { mcnemarExact } from '../domain/statistics/mcnemar.ts';
import { isScored, TASKS, type TaskName } from '../domain/tasks.ts';
import type { Check } from '../domain/verdict.ts';
import { type Dataset, readDataset } from '../inference/dataset.ts';
import { readPredictions, readScores } from '../inference/predictions.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { CandidateEvidence, EfficiencyEvidence } from './evidence.ts';

const REGRESSIONS = 10;

type Outcomes = PairedOutcomes | ScoreOutcomes;

/** Both models on the same rows, whatever the metric. */
interface Judged {
  outcomes: Outcomes;
  /** Of the hardest rows. */
  hard: Outcomes;
  figures: Pick<CandidateFigures, 'macroF1' | 'scoreSpread' | 'regressions'>;
  baseline: Pick<CandidateFigures, 'macroF1' | 'scoreSpread'>;
}

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
  const judge = isScored(quality) ? judgeScores : judgeClasses;
  const { outcomes, hard, figures, baseline } = judge(data, paths, evidence.task);
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

interface Paths {
  baseline: string;
  candidate: string;
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

/** Rows of one length are told apart by their contrast. */
function judgeScores(data: Dataset, paths: Paths): Judged {
  const baseline = readScores(paths.baseline);
  const candidate = readScores(paths.candidate);
  requireSameRows(data, { baseline, candidate });
  const scores = { baseline: baseline.scores, candidate: candidate.scores };
  const lengths = lengthsOf(data);
  const isVaried = lengths.some((length) => length !== lengths[0]);
  const hard = hardExamples(isVaried ? { lengths } : { contrasts: contrastsOf(data) });
  return {
    outcomes: compareScores({ ...scores, slices: data.slices }),
    hard: compareScores({ ...scores, slices: hard }),
    figures: {
      scoreSpread: scoreSpread(candidate.scores),
      regressions: worstScoreRegressions({ ...scores, ids: data.ids, limit: REGRESSIONS }),
    },
    baseline: { scoreSpread: scoreSpread(baseline.scores) },
  };
}

function requireSameRows(data: Dataset, predictions: Record<string, { ids: string[] }>): void {
  for (const [name, { ids }] of Object.entries(predictions)) {
    const stray = data.ids.findIndex((id, row) => id !== ids[row]);
    if (stray >= 0 || ids.length !== data.ids.length)
      throw new Error(`the ${name}'s predictions are not of these rows: they differ at row ${stray}`);
  }
}

const lengthsOf = ({ ids, lengthOf }: Dataset): number[] => ids.map((_, row) => lengthOf(row));
const contrastsOf = ({ ids, spreadOf }: Dataset): number[] => ids.map((_, row) => spreadOf(row));

/** Only the hard rows themselves. */
function hardestFigures(quality: QualitySpec, outcomes: Outcomes) {
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
