import type { SessionOptions } from '../domain/measurement.ts';
import { classify } from './classification.ts';
import { readDataset } from './dataset.ts';
import { DatasetInvalid } from './errors.ts';
import { startHost } from './host.ts';
import { type PredictionColumns, writePredictions } from './predictions.ts';

/** Told after every step of a long operation. */
export type OnProgress = (progress: { done: number; total: number }) => void;

export interface PredictInput {
  modelPath: string;
  dataPath: string;
  /** Where the predictions go; written whole or not at all. */
  outPath: string;
  options: SessionOptions;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/**
 * Runs every row through the model one at a time, exactly as it is served, and writes the predictions.
 * Throws `ModelOutputInvalid` naming the row for an answer that is no classification.
 */
export async function predict(input: PredictInput): Promise<{ rows: number }> {
  const { outPath, signal, onProgress, ...asked } = input;
  const { ids, rows } = readDataset(input.dataPath, []);
  const predictions: PredictionColumns = {
    ids,
    top1: new Int32Array(rows),
    scores: new Float64Array(rows),
    margins: new Float64Array(rows),
  };
  for await (const { row, top1, score, margin } of answers({ ...asked, order: [...ids.keys()], signal })) {
    predictions.top1[row] = top1;
    predictions.scores[row] = score;
    predictions.margins[row] = margin;
    onProgress?.({ done: row + 1, total: rows });
  }
  signal?.throwIfAborted();
  writePredictions(outPath, predictions);
  return { rows };
}

interface Answer {
  row: number;
  top1: number;
  /** Softmax of the first class. */
  score: number;
  /** Between the first and the second class, logits. */
  margin: number;
}

/** The model's answers to rows in this order, one at a time; who stops asking ends the model's process. */
export async function* answers(
  input: Pick<PredictInput, 'modelPath' | 'dataPath' | 'options' | 'signal'> & { order: number[] }
): AsyncGenerator<Answer> {
  const { modelPath, dataPath, options, order, signal } = input;
  const host = await startHost({ modelPath, options, signal });
  try {
    const data = readDataset(dataPath, host.inputs);
    for (const row of order) {
      const id = data.ids[row]!;
      const { outputs } = await host.run(data.feeds(row));
      const { top1, score, margin, classes } = classify(outputs, id);
      const label = data.labels[row]!;
      if (label < 0 || label >= classes)
        throw new DatasetInvalid(
          `${dataPath}: row '${id}' has label ${label}, and the model knows 0 to ${classes - 1}`
        );
      yield { row, top1, score, margin };
    }
  } finally {
    await host.close();
  }
}
