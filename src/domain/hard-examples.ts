const SHARE = 0.1;

/**
 * Slices that nobody had to name, a tenth of the rows each: the rows of lowest FP32 margin, those of the rarest classes,
 * and the longest texts or the images of least contrast. Columns as `compareOutcomes` takes them; a tie is broken by the
 * order of the rows. Never by FP32's own scores: rows chosen by their bad luck with one model fare better with another.
 */
export function hardExamples(rows: {
  labels?: ArrayLike<number> | undefined;
  /** FP32's distance between its first and second class. */
  baselineMargins?: ArrayLike<number> | undefined;
  /** Of text, tokens. */
  lengths?: ArrayLike<number> | undefined;
  /** Of images, in any unit. */
  contrasts?: ArrayLike<number> | undefined;
}): Record<string, string[]> {
  const { labels, baselineMargins, lengths, contrasts } = rows;
  const all = Array.from(labels ?? lengths ?? contrasts ?? [], (_, row) => row);
  const size = Math.max(1, Math.round(SHARE * all.length));
  const occurrences = Map.groupBy(Array.from(labels ?? []), (label) => label);
  const hardest = (difficulty: (row: number) => number) =>
    all.toSorted((a, b) => difficulty(b) - difficulty(a) || a - b).slice(0, size);
  const column = (chosen: number[], name: string) => {
    const isChosen = new Set(chosen);
    return all.map((row) => (isChosen.has(row) ? name : 'other'));
  };
  return {
    ...(baselineMargins && {
      margin: column(
        hardest((row) => -baselineMargins[row]!),
        'lowest'
      ),
    }),
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
    ...(labels && {
      class: column(
        hardest((row) => -occurrences.get(labels[row]!)!.length),
        'rarest'
      ),
    }),
  };
}
