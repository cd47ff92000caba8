import type { ClosingDocument } from '../domain/engagement.ts';
import { type Measure, measureOf, metricText, nameOf } from '../domain/tasks.ts';
import { NOT_MEASURED } from './format.ts';

type WithQuality = Pick<ClosingDocument, 'quality'>;

/** What a metric is called after in a report. */
interface Terms {
  meaning: string;
  /** What the upper bound of a drop is. */
  bound: string;
  /** Of the count of rows that changed. */
  changed: string;
  /** The same where it is a tile. */
  changedShort: string;
  /** Above the rows that lost most, whose scores are from 0 to 1. */
  fell: string;
}

const LOST_ROW = 'BCa bootstrap over the rows’ differences and one row more that lost everything';
const ROWS = {
  bound: LOST_ROW,
  changed: "Rows with another score than FP32's, however little.",
  changedShort: 'rows with another score than FP32',
};

const OF_MEASURE: Record<Exclude<Measure, 'share'>, Terms> = {
  mean: {
    ...ROWS,
    meaning: "Mean of what the specification's evaluator gives each row, from 0 to 1; a point is a hundredth.",
    fell: 'Rows whose score fell most',
  },
  fidelity: {
    bound: 'BCa bootstrap over the rows’ differences and one row more whose vector was turned round',
    meaning:
      "Mean cosine of the candidate's vector of a row and FP32's, 1 where they are the same; a point is a hundredth. FP32's own is 1 by itself.",
    changed: "Rows whose vector is not exactly FP32's.",
    changedShort: 'rows with another vector than FP32',
    fell: "Rows whose vector is farthest from FP32's, by cosine",
  },
  correlation: {
    meaning:
      "Spearman's rank correlation of the similarities that a model gives the pairs with those in the data, from -1 to 1; a point is a hundredth. Of single pairs: how near a pair's place among all is to its place in the data, 1 where it is the same and 0 at the other end.",
    bound: 'BCa bootstrap over the pairs and one pair more that the candidate turned round',
    changed: "Pairs with another place among all than FP32's, however little.",
    changedShort: 'pairs in another place than with FP32',
    fell: 'Pairs whose place moved farthest away from that in the data',
  },
};

const OF_METRIC: Record<string, string> = {
  f1: 'Harmonic mean of the shares of common words in the answer and in the nearest right one, mean over the rows; compared without case, punctuation and articles, as SQuAD does. A point is a hundredth.',
  'exact match':
    'Share of the rows whose answer is a right one; compared without case, punctuation and articles, as SQuAD does.',
};

/** Undefined where rows are right or wrong. */
export function termsOf({ quality = {} as NonNullable<WithQuality['quality']> }: WithQuality): Terms | undefined {
  const measure = measureOf(quality);
  if (measure === 'share') return undefined;
  const meaning = quality.evaluator === undefined ? OF_METRIC[quality.metric ?? ''] : undefined;
  const named = measure === 'mean' && { fell: `Rows whose ${nameOf(quality)} fell most` };
  return { ...OF_MEASURE[measure], ...named, ...(meaning && { meaning }) };
}

/** The metric's value: a correlation or a cosine as it is, all else in percent. */
export const shownMetric = (
  { quality = {} as NonNullable<WithQuality['quality']> }: WithQuality,
  value?: number | null
) =>
  value === null || value === undefined || !Number.isFinite(value)
    ? NOT_MEASURED
    : metricText(quality, value).replace('-', '−');
