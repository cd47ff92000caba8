/** A file in the artifact store, named by its content; `uri` is relative to the store, so a store can move. */
export interface ArtifactRef {
  uri: string;
  sha256: string;
  bytes: number;
}

/** A person's Python that scores answers: the list of its files, and `module:function` in them. */
export interface Evaluator {
  files: ArtifactRef;
  entryPoint: string;
}

/** How the answers to rows are read, where neither a class nor an evaluator is: a span of the context, or a vector. */
export type Reading =
  | { kind: 'span'; maximumAnswerTokens: number }
  | { kind: 'embedding'; pooling: 'mean' | 'cls' | 'none'; normalize: boolean };

/**
 * Rows ready for a model: Arrow IPC with a list column per model input, `id`, slice columns, and `label` (class index)
 * or `row` (JSON: what the evaluator is given, or the context of a question with its answers). Of pairs of texts, the
 * inputs of the second are named `second.` and the input, and `similarity` is the gold.
 */
export interface PreparedData {
  arrow: ArtifactRef;
  rows: number;
  /** One SHA-256 over the row hashes in order, so that a changed row changes every key made from it. */
  rowsSha256: string;
  /** Of the tokenizer, or of the settings that made images into tensors. */
  tokenizerSha256: string;
  /** Rows per class name; classes without a row are absent. */
  classes: Record<string, number>;
  /** Rows per slice value, `name=value`. */
  slices: Record<string, number>;
  /** Tokens of the middle row, of the 99th of 100 and of the longest; absent in older engagements. */
  lengths?: { p50: number; p99: number; max: number };
  /** Of calibration data: divergence of its token frequencies from production's, and of production's halves. */
  distance?: { tokens: number; within: number };
  /** What scores the answers to these rows, where they have no class. */
  evaluator?: Evaluator;
  reading?: Reading;
}

export const DATA_ROLES = ['calibration', 'selection', 'holdout', 'production', 'train'] as const;
export type DataRole = (typeof DATA_ROLES)[number];
