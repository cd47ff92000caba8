import { renameSync, writeFileSync } from 'node:fs';
import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow';
import type { Vectors } from '../domain/embeddings.ts';
import type { QualitySpec } from '../domain/spec.ts';
import { readTable } from './dataset.ts';
import { DatasetInvalid } from './errors.ts';

/** What a classifier said, column by column; all of one length. */
export interface PredictionColumns {
  ids: string[];
  /** Class index of the largest logit. */
  top1: Int32Array;
  /** Softmax probability of the top class. */
  scores: Float64Array;
  /** Softmax probability of the top class less that of the second. */
  margins: Float64Array;
}

/** What an evaluator made of a model's answers. */
export interface ScoreColumns {
  ids: string[];
  /** 0 to 1. */
  scores: Float64Array;
  /** Of the outputs, to tell the same answer when it is given again. */
  digests: Float64Array;
}

/** What a model answered to questions, with the scores by metric. */
export interface AnswerColumns {
  ids: string[];
  answers: string[];
  scores: Record<'f1' | 'exact match', Float64Array>;
  digests: Float64Array;
}

/** Vectors of texts; of pairs, of the second texts too. */
interface EmbeddingColumns {
  ids: string[];
  digests: Float64Array;
  vectors: Float32Array[];
  seconds: Float32Array[];
}

/** Writes the columns as Arrow IPC; the same predictions give the same bytes. A cut-off leaves no half file at `path`. */
export function writePredictions(path: string, { ids, top1, scores, margins }: PredictionColumns): void {
  write(path, ids, { top1: makeVector(top1), score: makeVector(scores), margin: makeVector(margins) });
}

export function writeScores(path: string, { ids, scores, digests }: ScoreColumns): void {
  write(path, ids, { score: makeVector(scores), digest: makeVector(digests) });
}

export function writeAnswers(path: string, { ids, answers, scores, digests }: AnswerColumns): void {
  const byMetric = Object.entries(scores).map(([metric, values]) => [metric, makeVector(values)]);
  const answer = vectorFromArray(answers, new Utf8());
  write(path, ids, { ...Object.fromEntries(byMetric), digest: makeVector(digests), answer });
}

export function writeEmbeddings(path: string, { ids, digests, vectors, seconds }: EmbeddingColumns): void {
  const columns = { digest: makeVector(digests), embedding: listsOf(vectors) };
  write(path, ids, seconds.length > 0 ? { ...columns, second: listsOf(seconds) } : columns);
}

function listsOf(vectors: Float32Array[]): Vector {
  const width = vectors[0]!.length;
  const values = new Float32Array(width * vectors.length);
  for (const [row, vector] of vectors.entries()) values.set(vector, row * width);
  const type = new FixedSizeList(width, new Field('item', new Float32()));
  return new Vector([makeData({ type, length: vectors.length, child: makeVector(values).data[0]! })]);
}

function write(path: string, ids: string[], columns: Record<string, Vector>): void {
  // A type is given because the default, a dictionary, carries a number that grows with every call.
  const table = new Table({ id: vectorFromArray(ids, new Utf8()), ...columns });
  const partial = `${path}.partial`;
  writeFileSync(partial, tableToIPC(table, 'file'));
  renameSync(partial, path);
}

/** Throws `DatasetInvalid` that names the file and the missing column. */
export function readPredictions(path: string): PredictionColumns {
  const column = columnsOf(path);
  return {
    ids: [...column('id')],
    top1: Int32Array.from(column('top1')),
    scores: Float64Array.from(column('score')),
    margins: Float64Array.from(column('margin')),
  };
}

/** Scores by the metric; those of an evaluator have no name of their own. */
export function readScores(
  path: string,
  { metric, evaluator }: Pick<QualitySpec, 'metric' | 'evaluator'>
): ScoreColumns {
  const column = columnsOf(path);
  return { ...readDigests(path), scores: Float64Array.from(column(evaluator ? 'score' : metric)) };
}

export function readDigests(path: string): Pick<ScoreColumns, 'ids' | 'digests'> {
  const column = columnsOf(path);
  return { ids: [...column('id')], digests: Float64Array.from(column('digest')) };
}

/** What was answered, as text. */
export const readAnswers = (path: string): string[] => [...columnsOf(path)('answer')];

export function readEmbeddings(path: string): { ids: string[]; vectors: Vectors; seconds: Vectors | undefined } {
  const column = columnsOf(path);
  const vectorsOf = (vector: Vector): Vectors => ({
    values: Float32Array.from(vector.getChildAt(0)!),
    width: (vector.type as FixedSizeList).listSize,
  });
  const hasSeconds = readTable(path).getChild('second') !== null;
  return {
    ids: [...column('id')],
    vectors: vectorsOf(column('embedding')),
    seconds: hasSeconds ? vectorsOf(column('second')) : undefined,
  };
}

function columnsOf(path: string): (name: string) => Vector {
  const table = readTable(path);
  return (name) => {
    const vector = table.getChild(name);
    if (!vector) throw new DatasetInvalid(`${path} is not a predictions file: it has no column '${name}'`);
    return vector;
  };
}
