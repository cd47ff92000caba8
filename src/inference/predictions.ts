import { renameSync, writeFileSync } from 'node:fs';
import { makeVector, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow';
import { readTable } from './dataset.ts';
import { DatasetInvalid } from './errors.ts';

/** What a model said, column by column; all of one length. */
export interface PredictionColumns {
  ids: string[];
  /** Class index of the largest logit. */
  top1: Int32Array;
  /** Softmax probability of the top class. */
  scores: Float64Array;
  /** Softmax probability of the top class less that of the second. */
  margins: Float64Array;
}

/** Writes the columns as Arrow IPC; the same predictions give the same bytes. A cut-off leaves no half file at `path`. */
export function writePredictions(path: string, { ids, top1, scores, margins }: PredictionColumns): void {
  const table = new Table({
    // A type is given because the default, a dictionary, carries a number that grows with every call.
    id: vectorFromArray(ids, new Utf8()),
    top1: makeVector(top1),
    score: makeVector(scores),
    margin: makeVector(margins),
  });
  const partial = `${path}.partial`;
  writeFileSync(partial, tableToIPC(table, 'file'));
  renameSync(partial, path);
}

/** Throws `DatasetInvalid` that names the file and the missing column. */
export function readPredictions(path: string): PredictionColumns {
  const table = readTable(path);
  const column = (name: string) => {
    const vector = table.getChild(name);
    if (!vector) throw new DatasetInvalid(`${path} is not a predictions file: it has no column '${name}'`);
    return vector;
  };
  return {
    ids: [...column('id')],
    top1: Int32Array.from(column('top1')),
    scores: Float64Array.from(column('score')),
    margins: Float64Array.from(column('margin')),
  };
}
