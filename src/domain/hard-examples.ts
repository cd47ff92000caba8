const SHARE = 0.1;

/**
 * Slices that nobody had to name, a tenth of the rows each: the rows of lowest FP32 margin, those of the rarest classes,
 * and the longest texts or the images of least contrast. Columns as `compareOutcomes` takes them; a tie is broken by the
 * order of the rows.
 */
export function hardExamples(rows: {
  labels: ArrayLike<number>;
  /** FP32's distance between its first and second class. */
  baselineMargins: ArrayLike<number>;
  /** Of text, tokens. */
  lengths?: ArrayLike<number> | undefined;
  /** Of images, in any unit. */
  contrasts?: ArrayLike<number> | undefined;
}): Record<string, string[]> {
  const { labels, baselineMargins, lengths, contrasts } = rows;
  const size = Math.max(1, Math.round(SHARE * labels.length));
  const occurrences = Map.groupBy(Array.from(labels), (label) => label);
  const hardest = (difficulty: (row: number) => number) =>
    Array.from(labels, (_, row) => row)
      .sort((a, b) => difficulty(b) - difficulty(a) || a - b)
      .slice(0, size);
  const column = (chosen: number[], name: string) => {
    const isChosen = new Set(chosen);
    return Array.from(labels, (_, row) => (isChosen.has(row) ? name : 'other'));
  };
  return {
    margin: column(
      hardest((row) => -baselineMargins[row]!),
      'lowest'
    ),
    ...(lengths && {
      length: column(
        hardest((row) => lengths[row]!),
        'longest'
      ),
    }),
    ...(contrasts && {
      contrast: column(
        hardest((row) => -contrasts[row]!),
        'lowest'
      ),
    }),
    class: column(
      hardest((row) => -occurrences.get(labels[row]!)!.length),
      'rarest'
    ),
  };
}
