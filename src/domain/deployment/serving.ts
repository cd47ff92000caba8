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
export interface RecordedAnswer {
  top1: number;
  label: string;
  /** Softmax of the first class. */
  score: number;
  /** By how much the score differed when the file was asked again for this guide. */
  repeatedWithin: number;
}

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
  labels: ArrayLike<number>;
  candidate: { top1: ArrayLike<number>; margins: ArrayLike<number> };
  baseline: { top1: ArrayLike<number> };
  lengthOf(row: number): number;
}): number {
  const { labels, candidate, baseline, lengthOf } = rows;
  const sure = (row: number) => candidate.margins[row]!;
  const surestFirst = Array.from({ length: labels.length }, (_, row) => row).sort((a, b) => sure(b) - sure(a));
  const right = surestFirst
    .slice(0, Math.ceil(labels.length / 2))
    .filter((row) => candidate.top1[row] === labels[row] && baseline.top1[row] === labels[row]);
  const shortest = Math.min(...right.map(lengthOf));
  return right.find((row) => lengthOf(row) === shortest) ?? surestFirst[0]!;
}
