import type { ArtifactRef } from '../artifact.ts';

/** An input or output as the model's file declares it; a dimension without a fixed size is its name. */
export interface ServedTensor {
  name: string;
  /** ONNX Runtime's word. */
  type: string;
  /** The Open Inference Protocol's word. */
  datatype: string;
  shape: (number | string)[];
}

export interface Signature {
  inputs: ServedTensor[];
  outputs: ServedTensor[];
}

/** What a model answered to the row when its accuracy was measured. */
export interface RecordedClass {
  top1: number;
  label: string;
  /** Softmax of the first class. */
  score: number;
  /** By how much the score differed when the file was asked again for this guide. */
  repeatedWithin: number;
}

/** The same where what was answered is scored. */
export interface RecordedOutputs {
  /** None of a vector. */
  score?: number;
  /** First elements of each output, as the file gave them for this guide. */
  outputs: { name: string; shape: number[]; begins: number[] }[];
  /** By how much of itself their digest differed from the recorded one. */
  repeatedWithin: number;
}

export type RecordedAnswer = RecordedClass | RecordedOutputs;

/** What the files say of themselves, and a recorded row to try a server with. */
export interface Serving extends Signature {
  /** Null where FP32 takes and gives the same. */
  fallback: Signature | null;
  smoke: {
    rowId: string;
    /** The body of an inference request of the Open Inference Protocol v2. */
    request: ArtifactRef;
    /** Its text, where it is short enough to be typed. */
    body: string | null;
    candidate: RecordedAnswer;
    baseline: RecordedAnswer;
  };
}

/**
 * The row to try a server with: both models answer it, rightly, and the candidate as surely as its middle row or surer;
 * of those the shortest, as it must fit into a command, then the surest. Where none is such, the candidate's surest.
 */
export function smokeRow(rows: {
  /** How sure the candidate is of each row, or how it scores. */
  sure: ArrayLike<number>;
  isRight(row: number): boolean;
  lengthOf(row: number): number;
}): number {
  const { sure, isRight, lengthOf } = rows;
  const surestFirst = Array.from(sure, (_, row) => row).sort((a, b) => sure[b]! - sure[a]!);
  const right = surestFirst.slice(0, Math.ceil(sure.length / 2)).filter(isRight);
  const shortest = Math.min(...right.map(lengthOf));
  return right.find((row) => lengthOf(row) === shortest) ?? surestFirst[0]!;
}
