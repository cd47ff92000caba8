import type { SessionOptions } from '../domain/measurement.ts';
import type { SubsetEvaluation } from '../domain/search/sensitivity.ts';
import { sequentialVerdict, withRow } from '../domain/search/sequential-verdict.ts';
import { seededRandom, shuffle } from '../domain/statistics/random.ts';
import { tangoUpperBound } from '../domain/statistics/tango.ts';
import { readDataset } from './dataset.ts';
import { answers } from './predict.ts';

const SEED = 1;

/** Whether a model's accuracy is less than the margin below the baseline's, on no more rows than it takes. */
export async function evaluateRows(input: {
  modelPath: string;
  dataPath: string;
  options: SessionOptions;
  /** The baseline's class of each row. */
  baseline: ArrayLike<number>;
  /** Shares. */
  margin: number;
  alpha: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}): Promise<Omit<SubsetEvaluation, 'key'>> {
  const { baseline, margin, alpha, onProgress, ...model } = input;
  const { labels, rows: of } = readDataset(input.dataPath, []);
  const order = shuffle([...labels.keys()], seededRandom(SEED));
  let counts = { plus: 0, minus: 0, zero: 0 };
  let rows = 0;
  let verdict: SubsetEvaluation['verdict'] = null;
  for await (const { row, top1 } of answers({ ...model, order })) {
    counts = withRow(counts, baseline[row] === labels[row], top1 === labels[row]);
    rows += 1;
    onProgress?.({ done: rows, total: of });
    verdict = sequentialVerdict(counts, { margin, alpha });
    if (verdict) break;
  }
  const { plus: lost, minus: won } = counts;
  const holds = verdict
    ? verdict === 'non-inferior'
    : tangoUpperBound({ b: lost, c: won, n: rows, confidence: 1 - alpha }) < margin;
  return { rows, of, lost, won, verdict, holds };
}
