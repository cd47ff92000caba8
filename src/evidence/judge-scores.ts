import { type CorrelationOutcomes, compareCorrelations, correlationSpread } from '../domain/correlations.ts';
import { fidelity, fidelitySpread, scalarProduct, vectorAt } from '../domain/embeddings.ts';
import type { CandidateFigures, QualityFigures } from '../domain/engagement.ts';
import { hardExamples } from '../domain/hard-examples.ts';
import type { PairedOutcomes } from '../domain/metrics.ts';
import { compareScores, mean, type ScoreOutcomes, scoreSpread, worstScoreRegressions } from '../domain/scores.ts';
import type { QualitySpec } from '../domain/spec.ts';
import { spearman } from '../domain/statistics/spearman.ts';
import { measureOf, otherMetricOf } from '../domain/tasks.ts';
import type { Dataset } from '../inference/dataset.ts';
import { readAnswers, readEmbeddings, readScores } from '../inference/predictions.ts';

export const REGRESSIONS = 10;

type Outcomes = PairedOutcomes | ScoreOutcomes | CorrelationOutcomes;
type Beside = Pick<CandidateFigures, 'macroF1' | 'scoreSpread' | 'other'>;

/** Both models on the same rows, whatever the metric. */
export interface Judged {
  outcomes: Outcomes;
  /** Of the hardest rows. */
  hard: Outcomes;
  figures: Beside & Pick<CandidateFigures, 'regressions'>;
  baseline: Beside;
}

export interface Paths {
  baseline: string;
  candidate: string;
}

export function judgeScores(data: Dataset, paths: Paths, quality: QualitySpec): Judged {
  const measure = measureOf(quality);
  if (measure === 'correlation') return judgePairs(data, paths, quality);
  return measure === 'fidelity' ? judgeFidelity(data, paths) : judgeMeans(data, paths, quality);
}

/** FP32's own figures, by which the metric is told and its rows' power is known. */
export function scoredFigures(data: Dataset, path: string, quality: QualitySpec): Omit<QualityFigures, 'role'> {
  const rows = data.ids.length;
  const measure = measureOf(quality);
  if (measure === 'mean') {
    const { scores } = readScores(path, quality);
    return { rows, accuracy: mean(scores), scoreSpread: scoreSpread(scores), ...otherMean(path, quality) };
  }
  const embeddings = readEmbeddings(path);
  if (measure === 'fidelity') return { rows, accuracy: 1, scoreSpread: fidelitySpread(embeddings.vectors) };
  const gold = data.similarities;
  const similarities = similaritiesOf(embeddings);
  return { rows, accuracy: spearman(gold, similarities), scoreSpread: correlationSpread(gold, similarities) };
}

function judgeMeans(data: Dataset, paths: Paths, quality: QualitySpec): Judged {
  const baseline = readScores(paths.baseline, quality);
  const candidate = readScores(paths.candidate, quality);
  requireSameRows(data, { baseline, candidate });
  const scores = { baseline: baseline.scores, candidate: candidate.scores };
  const regressions = worstScoreRegressions({ ...scores, ids: data.ids, limit: REGRESSIONS });
  return {
    outcomes: compareScores({ ...scores, slices: data.slices }),
    hard: compareScores({ ...scores, slices: hardRows(data) }),
    figures: {
      scoreSpread: scoreSpread(candidate.scores),
      regressions: quality.evaluator ? regressions : withAnswers(regressions, data.ids, paths),
      ...otherMean(paths.candidate, quality),
    },
    baseline: { scoreSpread: scoreSpread(baseline.scores), ...otherMean(paths.baseline, quality) },
  };
}

function otherMean(path: string, quality: QualitySpec): Pick<QualityFigures, 'other'> {
  const metric = otherMetricOf(quality);
  return metric ? { other: { metric, value: mean(readScores(path, { metric }).scores) } } : {};
}

function withAnswers(
  regressions: ReturnType<typeof worstScoreRegressions>,
  ids: string[],
  paths: Paths
): ReturnType<typeof worstScoreRegressions> {
  const answers = { baseline: readAnswers(paths.baseline), candidate: readAnswers(paths.candidate) };
  return regressions.map((regression) => {
    const row = ids.indexOf(regression.id);
    return { ...regression, answers: { baseline: answers.baseline[row]!, candidate: answers.candidate[row]! } };
  });
}

type Embeddings = ReturnType<typeof readEmbeddings>;

/** Every row against FP32's own vector of it. */
function judgeFidelity(data: Dataset, paths: Paths): Judged {
  const [baseline, candidate] = [readEmbeddings(paths.baseline), readEmbeddings(paths.candidate)];
  requireSameRows(data, { baseline, candidate });
  const scores = { baseline: new Float64Array(data.ids.length).fill(1), candidate: fidelities(baseline, candidate) };
  const spread = { scoreSpread: fidelitySpread(baseline.vectors) };
  return {
    outcomes: compareScores({ ...scores, slices: data.slices }),
    hard: compareScores({ ...scores, slices: hardRows(data) }),
    figures: { ...spread, regressions: worstScoreRegressions({ ...scores, ids: data.ids, limit: REGRESSIONS }) },
    baseline: spread,
  };
}

/** The order of the pairs by either model against that of gold. */
function judgePairs(data: Dataset, paths: Paths, quality: QualitySpec): Judged {
  const [baseline, candidate] = [readEmbeddings(paths.baseline), readEmbeddings(paths.candidate)];
  requireSameRows(data, { baseline, candidate });
  const gold = data.similarities;
  const pairs = { gold, baseline: similaritiesOf(baseline), candidate: similaritiesOf(candidate) };
  const outcomes = compareCorrelations({ ...pairs, slices: data.slices });
  const metric = otherMetricOf(quality)!;
  return {
    outcomes,
    hard: compareCorrelations({ ...pairs, slices: hardRows(data) }),
    figures: {
      scoreSpread: correlationSpread(gold, pairs.candidate),
      regressions: worstScoreRegressions({ ...outcomes.places, ids: data.ids, limit: REGRESSIONS }),
      other: { metric, value: mean(fidelities(baseline, candidate)) },
    },
    baseline: { scoreSpread: correlationSpread(gold, pairs.baseline), other: { metric, value: 1 } },
  };
}

/** Of every row; of a pair, the mean of both texts. */
function fidelities(baseline: Embeddings, candidate: Embeddings): Float64Array {
  if (baseline.vectors.width !== candidate.vectors.width)
    throw new Error(`the vectors have ${candidate.vectors.width} numbers, and FP32's ${baseline.vectors.width}`);
  return Float64Array.from(baseline.ids, (_, row) => {
    const first = fidelity(vectorAt(baseline.vectors, row), vectorAt(candidate.vectors, row));
    if (!baseline.seconds || !candidate.seconds) return first;
    return (first + fidelity(vectorAt(baseline.seconds, row), vectorAt(candidate.seconds, row))) / 2;
  });
}

function similaritiesOf({ ids, vectors, seconds }: Embeddings): Float64Array {
  if (!seconds) throw new Error('the vectors are of single texts, and the metric is of pairs');
  return Float64Array.from(ids, (_, row) => scalarProduct(vectorAt(vectors, row), vectorAt(seconds, row)));
}

/** Rows of one length are told apart by their contrast. */
function hardRows(data: Dataset): Record<string, string[]> {
  const lengths = lengthsOf(data);
  const isVaried = lengths.some((length) => length !== lengths[0]);
  return hardExamples(isVaried ? { lengths } : { contrasts: contrastsOf(data) });
}

export function requireSameRows(data: Dataset, predictions: Record<string, { ids: string[] }>): void {
  for (const [name, { ids }] of Object.entries(predictions)) {
    const stray = data.ids.findIndex((id, row) => id !== ids[row]);
    if (stray >= 0 || ids.length !== data.ids.length)
      throw new Error(`the ${name}'s predictions are not of these rows: they differ at row ${stray}`);
  }
}

export const lengthsOf = ({ ids, lengthOf }: Dataset): number[] => ids.map((_, row) => lengthOf(row));
export const contrastsOf = ({ ids, spreadOf }: Dataset): number[] => ids.map((_, row) => spreadOf(row));
