import type { SessionOptions } from '../domain/measurement.ts';
import { classify } from './classification.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { digestOf } from './digest.ts';
import { DatasetInvalid } from './errors.ts';
import { startHost } from './host.ts';
import { type PredictionColumns, type ScoreColumns, writePredictions, writeScores } from './predictions.ts';
import type { TensorValue } from './protocol.ts';

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

export type Outputs = Record<string, TensorValue>;

/** Scores of the rows from `start` on, one for each of the outputs. */
export type Scorer = (chunk: { start: number; outputs: Outputs[] }) => Promise<number[]>;

const CHUNK_BYTES = 64 * 2 ** 20; // of outputs that wait for the evaluator

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

/** The same with scores: an evaluator is given the outputs, many rows at a time. */
export async function predictScores(input: PredictInput & { score: Scorer }): Promise<{ rows: number }> {
  const { outPath, signal, onProgress, score, ...asked } = input;
  const { ids, rows } = readDataset(input.dataPath, []);
  const predictions: ScoreColumns = { ids, scores: new Float64Array(rows), digests: new Float64Array(rows) };
  let [waiting, bytes]: [Outputs[], number] = [[], 0];
  const scoreWaiting = async (end: number) => {
    const start = end - waiting.length;
    predictions.scores.set(await score({ start, outputs: waiting }), start);
    [waiting, bytes] = [[], 0];
  };
  for await (const { row, outputs } of outputsOf({ ...asked, order: [...ids.keys()], signal })) {
    predictions.digests[row] = digestOf(outputs, ids[row]!);
    waiting.push(outputs);
    bytes += Object.values(outputs).reduce((sum, { data }) => sum + (data as Uint8Array).byteLength, 0);
    if (bytes >= CHUNK_BYTES || row === rows - 1) await scoreWaiting(row + 1);
    onProgress?.({ done: row + 1, total: rows });
  }
  signal?.throwIfAborted();
  writeScores(outPath, predictions);
  return { rows };
}

interface Answer {
  row: number;
  top1: number;
  /** Softmax of the first class. */
  score: number;
  /** Softmax of the first class less that of the second. */
  margin: number;
}

type Asked = Pick<PredictInput, 'modelPath' | 'dataPath' | 'options' | 'signal'> & { order: number[] };

/** The model's answers to rows in this order, one at a time; who stops asking ends the model's process. */
export async function* answers(input: Asked): AsyncGenerator<Answer> {
  for await (const { row, outputs, data } of outputsOf(input)) {
    const id = data.ids[row]!;
    const { top1, score, margin, classes } = classify(outputs, id);
    const label = data.labels[row]!;
    if (label < 0 || label >= classes)
      throw new DatasetInvalid(
        `${input.dataPath}: row '${id}' has label ${label}, and the model knows 0 to ${classes - 1}`
      );
    yield { row, top1, score, margin };
  }
}

interface Asking {
  feeds: Record<string, TensorValue>;
  outputs: Outputs;
}

/** What the model gives for rows in this order; of a pair of texts, for both. */
export async function* outputsOf({
  modelPath,
  dataPath,
  options,
  order,
  signal,
}: Asked): AsyncGenerator<Asking & { row: number; second: Asking | undefined; data: Dataset }> {
  const host = await startHost({ modelPath, options, signal });
  try {
    const data = readDataset(dataPath, host.inputs);
    const ask = async (feeds: Asking['feeds']): Promise<Asking> => ({
      feeds,
      outputs: (await host.run(feeds)).outputs,
    });
    for (const row of order) {
      const first = await ask(data.feeds(row));
      const others = data.secondFeeds(row);
      yield { ...first, row, second: others && (await ask(others)), data };
    }
  } finally {
    await host.close();
  }
}
