/** Top-1 class indexes of the same rows under both models, with the truth; all of one length. */
export interface OutcomesInput {
  labels: ArrayLike<number>;
  baseline: ArrayLike<number>;
  candidate: ArrayLike<number>;
  /** Slice value of each row, per slice column. */
  slices?: Record<string, ArrayLike<string>>;
}

export interface PairedCountsOfRows {
  rows: number;
  /** Fractions of the rows. */
  accuracyBaseline: number;
  accuracyCandidate: number;
  /** Rows where the baseline is right and the candidate wrong. */
  lost: number;
  /** Rows where the candidate is right and the baseline wrong. */
  won: number;
}

interface SliceOutcome extends PairedCountsOfRows {
  /** `column=value`. */
  name: string;
}

export interface PairedOutcomes extends PairedCountsOfRows {
  macroF1Baseline: number;
  macroF1Candidate: number;
  /** Rows whose top-1 changed, right or wrong. */
  flips: number;
  flipShare: number;
  /** 1 - flipShare. */
  agreement: number;
  /** In the order of the columns, then of the values (code units). */
  slices: SliceOutcome[];
}

/** Compares two models row by row; throws a RangeError that names the field for no rows or unequal lengths. */
export function compareOutcomes(input: OutcomesInput): PairedOutcomes {
  const { labels, baseline, candidate, slices = {} } = input;
  requireSameRows(labels, { baseline, candidate, ...prefixed(slices) });
  const all = Array.from(labels, (_, row) => row);
  const flips = all.filter((row) => baseline[row] !== candidate[row]).length;
  return {
    ...countRows(input, all),
    macroF1Baseline: macroF1(labels, baseline),
    macroF1Candidate: macroF1(labels, candidate),
    flips,
    flipShare: flips / all.length,
    agreement: 1 - flips / all.length,
    slices: Object.entries(slices).flatMap(([column, values]) =>
      [...rowsByValue(values)].map(([value, rows]) => ({ name: `${column}=${value}`, ...countRows(input, rows) }))
    ),
  };
}

/** Share of rows whose top-1 is the label. */
export function accuracy(labels: ArrayLike<number>, top1: ArrayLike<number>): number {
  requireSameRows(labels, { top1 });
  return Array.from(labels).filter((label, row) => label === top1[row]).length / labels.length;
}

/**
 * Unweighted mean of F1 = 2 TP / (2 TP + FP + FN) over the classes that occur in labels or predictions, as
 * scikit-learn's `f1_score(average='macro', zero_division=0)`.
 */
export function macroF1(labels: ArrayLike<number>, top1: ArrayLike<number>): number {
  requireSameRows(labels, { top1 });
  const classes = new Map<number, { hits: number; occurrences: number }>();
  const count = (label: number, hit: boolean) => {
    const entry = classes.get(label) ?? { hits: 0, occurrences: 0 };
    entry.occurrences += 1;
    if (hit) entry.hits += 1;
    classes.set(label, entry);
  };
  for (let row = 0; row < labels.length; row++) {
    const hit = labels[row] === top1[row];
    count(labels[row]!, hit);
    count(top1[row]!, false);
  }
  // Labels and predictions of a class together are 2 TP + FP + FN.
  const scores = [...classes.values()].map(({ hits, occurrences }) => (2 * hits) / occurrences);
  return scores.reduce((total, score) => total + score, 0) / scores.length;
}

export interface Regression {
  id: string;
  label: number;
  baseline: number;
  candidate: number;
  baselineMargin: number;
}

/** Rows that were right and are wrong, the surest of the baseline first; ties by id, at most `limit`. */
export function worstRegressions(
  input: OutcomesInput & { ids: ArrayLike<string>; baselineMargins: ArrayLike<number>; limit: number }
): Regression[] {
  const { labels, baseline, candidate, ids, baselineMargins, limit } = input;
  requireSameRows(labels, { baseline, candidate, ids, baselineMargins });
  return Array.from(labels, (label, row) => ({
    id: ids[row]!,
    label,
    baseline: baseline[row]!,
    candidate: candidate[row]!,
    baselineMargin: baselineMargins[row]!,
  }))
    .filter((row) => row.baseline === row.label && row.candidate !== row.label)
    .sort((a, b) => b.baselineMargin - a.baselineMargin || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

function countRows({ labels, baseline, candidate }: OutcomesInput, rows: number[]): PairedCountsOfRows {
  let [right, lost, won] = [0, 0, 0];
  for (const row of rows) {
    const before = baseline[row] === labels[row];
    const after = candidate[row] === labels[row];
    if (before) right += 1;
    if (before && !after) lost += 1;
    if (after && !before) won += 1;
  }
  return {
    rows: rows.length,
    accuracyBaseline: right / rows.length,
    accuracyCandidate: (right - lost + won) / rows.length,
    lost,
    won,
  };
}

/** Rows of each value, in the order of the values (code units). */
export function rowsByValue(values: ArrayLike<string>): [string, number[]][] {
  const groups = Map.groupBy(
    Array.from(values, (_, row) => row),
    (row) => values[row]!
  );
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

const prefixed = (slices: Record<string, ArrayLike<string>>) =>
  Object.fromEntries(Object.entries(slices).map(([column, values]) => [`slices.${column}`, values]));

function requireSameRows(labels: ArrayLike<number>, columns: Record<string, ArrayLike<unknown>>): void {
  if (labels.length === 0) throw new RangeError('labels has no rows');
  for (const [field, column] of Object.entries(columns))
    if (column.length !== labels.length)
      throw new RangeError(`${field} has ${column.length} rows and labels has ${labels.length}`);
}
