import { rowsByValue } from './metrics.ts';
import { bcaPairedInterval } from './statistics/bootstrap.ts';

const RESAMPLES = 10_000;
const SEED = 1;

/** Scores from 0 to 1 of the same rows under both models; all of one length. */
export interface ScoresInput {
  baseline: ArrayLike<number>;
  candidate: ArrayLike<number>;
  /** Slice value of each row, per slice column. */
  slices?: Record<string, ArrayLike<string>>;
}

/** Fields are named as those of right and wrong answers, whose place they take. */
export interface ScoresOfRows {
  rows: number;
  /** Mean scores. */
  accuracyBaseline: number;
  accuracyCandidate: number;
  /** Rows that the candidate scores lower on. */
  lost: number;
  /** Rows that it scores higher on. */
  won: number;
  /** The candidate's score less the baseline's. */
  differences: Float64Array;
}

export interface ScoreOutcomes extends ScoresOfRows {
  /** Rows whose score changed. */
  flips: number;
  slices: (ScoresOfRows & { name: string })[];
}

/** Compares two models row by row; throws a RangeError that names the field for no rows or unequal lengths. */
export function compareScores({ baseline, candidate, slices = {} }: ScoresInput): ScoreOutcomes {
  if (baseline.length === 0) throw new RangeError('baseline has no rows');
  if (candidate.length !== baseline.length)
    throw new RangeError(`candidate has ${candidate.length} rows and baseline has ${baseline.length}`);
  const compare = (rows: number[]): ScoresOfRows => {
    const differences = Float64Array.from(rows, (row) => candidate[row]! - baseline[row]!);
    return {
      rows: rows.length,
      accuracyBaseline: mean(rows.map((row) => baseline[row]!)),
      accuracyCandidate: mean(rows.map((row) => candidate[row]!)),
      lost: differences.filter((difference) => difference < 0).length,
      won: differences.filter((difference) => difference > 0).length,
      differences,
    };
  };
  const all = compare(Array.from(baseline, (_, row) => row));
  return {
    ...all,
    flips: all.lost + all.won,
    slices: Object.entries(slices).flatMap(([column, values]) =>
      rowsByValue(values).map(([value, rows]) => ({ name: `${column}=${value}`, ...compare(rows) }))
    ),
  };
}

export const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/**
 * One-sided upper bound of the mean drop: BCa over the paired differences and one row more, which lost everything, so
 * much as `most`. The bootstrap knows only losses that it has seen; the added row is the one that so many rows cannot
 * exclude, as the score interval of a proportion has it by itself.
 */
export function scoreDropUpper(
  { differences }: Pick<ScoresOfRows, 'differences'>,
  confidence: number,
  most = 1
): number {
  const candidate = new Float64Array(differences.length + 1).fill(-most);
  candidate.set(differences);
  const baseline = new Float64Array(candidate.length);
  const twoSided = 2 * confidence - 1;
  return -bcaPairedInterval({ baseline, candidate, confidence: twoSided, resamples: RESAMPLES, seed: SEED }).lower;
}

export interface ScoreRegression {
  id: string;
  /** Scores. */
  baseline: number;
  candidate: number;
  /** What they were given for, where it is text. */
  answers?: { baseline: string; candidate: string };
}

/** Rows that lost most, those of the higher FP32 score first where they lost the same; ties by id, at most `limit`. */
export function worstScoreRegressions(
  input: ScoresInput & { ids: ArrayLike<string>; limit: number }
): ScoreRegression[] {
  const { baseline, candidate, ids, limit } = input;
  const lossOf = (row: ScoreRegression) => row.baseline - row.candidate;
  return Array.from(ids, (id, row) => ({ id, baseline: baseline[row]!, candidate: candidate[row]! }))
    .filter((row) => lossOf(row) > 0)
    .sort((a, b) => lossOf(b) - lossOf(a) || b.baseline - a.baseline || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

/**
 * Mean square of the difference between the scores of two rows that differ: what a row moves by whose score changes to
 * that of another row; 1 where scores are 0 or 1, and where all are the same and nothing is known.
 */
export function scoreSpread(scores: ArrayLike<number>): number {
  const n = scores.length;
  const middle = mean(scores);
  const variance = Array.from(scores).reduce((sum, score) => sum + (score - middle) ** 2, 0) / n;
  const same = Map.groupBy(Array.from(scores), (score) => score);
  const differing = 1 - [...same.values()].reduce((sum, { length }) => sum + (length / n) ** 2, 0);
  return differing > 0 ? (2 * variance) / differing : 1;
}
