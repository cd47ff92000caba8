import { rowsByValue } from './metrics.ts';
import { compareScores, type ScoreOutcomes, type ScoresOfRows } from './scores.ts';
import { bcaSpearmanInterval, type Similarities, spearman, standardRanks } from './statistics/spearman.ts';
import { TURNED } from './tasks.ts';

const RESAMPLES = 10_000;
const SEED = 1;
const FEWEST = 3; // pairs with an order to speak of

/** Pairs under both models, measured by the order that their similarities put them in. */
export interface CorrelationsOfRows extends ScoresOfRows {
  similarities: Record<'gold' | 'baseline' | 'candidate', Float64Array>;
}

export interface CorrelationOutcomes extends ScoreOutcomes, CorrelationsOfRows {
  /** How near each pair's place among all is to its place by gold, from 0 to 1. */
  places: Record<'baseline' | 'candidate', Float64Array>;
  slices: (CorrelationsOfRows & { name: string })[];
}

/**
 * Compares two models by Spearman's correlation with the gold similarities. A pair is scored by its place: 1 where it is
 * that of gold, 0 where it is at the other end of all.
 */
export function compareCorrelations(
  input: Similarities & { slices?: Record<string, ArrayLike<string>> }
): CorrelationOutcomes {
  const { slices = {} } = input;
  const places = { baseline: agreement(input.gold, input.baseline), candidate: agreement(input.gold, input.candidate) };
  const { slices: bySlice, ...outcomes } = compareScores({ ...places, slices });
  const ofRows = (rows: number[]) => {
    const taken = (values: ArrayLike<number>) => Float64Array.from(rows, (row) => values[row]!);
    const similarities = {
      gold: taken(input.gold),
      baseline: taken(input.baseline),
      candidate: taken(input.candidate),
    };
    return {
      similarities,
      accuracyBaseline: spearman(similarities.gold, similarities.baseline),
      accuracyCandidate: spearman(similarities.gold, similarities.candidate),
    };
  };
  const rowsOfSlices = Object.values(slices).flatMap((values) => rowsByValue(values).map(([, rows]) => rows));
  return {
    ...outcomes,
    places,
    ...ofRows(Array.from(input.gold, (_, row) => row)),
    slices: bySlice.map((slice, i) => ({ ...slice, ...ofRows(rowsOfSlices[i]!) })),
  };
}

function agreement(gold: ArrayLike<number>, similarities: ArrayLike<number>): Float64Array {
  const [right, given] = [standardRanks(gold), standardRanks(similarities)];
  const ends = Math.max(...right, ...given) - Math.min(...right, ...given);
  return right.map((place, row) => (ends === 0 ? 1 : 1 - Math.abs(place - given[row]!) / ends));
}

/**
 * One-sided upper bound of the correlation's drop: BCa over resampled pairs and one pair more, which the candidate turned
 * round. As with scores, the bootstrap knows only losses that it has seen; the added pair has the weight of an average
 * one, FP32 puts it right, and the candidate as far on the other side. Without an order nothing is excluded.
 */
export function correlationDropUpper(
  { similarities }: Pick<CorrelationsOfRows, 'similarities'>,
  confidence: number
): number {
  const { gold, baseline, candidate } = similarities;
  if (gold.length < FEWEST || [gold, baseline].some((values) => values.every((value) => value === values[0])))
    return TURNED;
  const [places, given] = [standardRanks(gold), standardRanks(baseline)];
  const weights = places.map((place, row) => place * given[row]!);
  const average = nearest(weights, 1);
  const mirrored = nearest(standardRanks(candidate), -given[average]!);
  const interval = bcaSpearmanInterval({
    gold: appended(gold, gold[average]!),
    baseline: appended(baseline, baseline[average]!),
    candidate: appended(candidate, candidate[mirrored]!),
    ...{ confidence: 2 * confidence - 1, resamples: RESAMPLES, seed: SEED },
  });
  return -interval.lower;
}

/** That of places without ties which are all those of gold. */
export const LARGEST_SPREAD = 2.8;

/** Mean square of what a pair's share in the correlation moves by when the model puts it in the place of another. */
export function correlationSpread(gold: ArrayLike<number>, similarities: ArrayLike<number>): number {
  const [right, given] = [standardRanks(gold), standardRanks(similarities)];
  return 1 + right.reduce((sum, place, row) => sum + (place * given[row]!) ** 2, 0) / right.length;
}

function nearest(values: Float64Array, wanted: number): number {
  const distances = values.map((value) => Math.abs(value - wanted));
  return distances.indexOf(distances.reduce((least, distance) => Math.min(least, distance)));
}

function appended(values: Float64Array, value: number): Float64Array {
  const longer = new Float64Array(values.length + 1).fill(value);
  longer.set(values);
  return longer;
}
