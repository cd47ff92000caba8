import { renameSync, writeFileSync } from 'node:fs';
import { makeVector, Table, tableToIPC, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
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

/** Writes the columns as Arrow IPC; the same predictions give the same bytes. A cut-off leaves no half file at `path`. */
export function writePredictions(path: string, { ids, top1, scores, margins }: PredictionColumns): void {
  write(path, ids, { top1: makeVector(top1), score: makeVector(scores), margin: makeVector(margins) });
}

export function writeScores(path: string, { ids, scores, digests }: ScoreColumns): void {
  write(path, ids, { score: makeVector(scores), digest: makeVector(digests) });
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

export function readScores(path: string): ScoreColumns {
  const column = columnsOf(path);
  return {
    ids: [...column('id')],
    scores: Float64Array.from(column('score')),
    digests: Float64Array.from(column('digest')),
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
