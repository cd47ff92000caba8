/** Letters apart in one word for another to be meant. */
const reach = (word: string): number => Math.max(1, Math.floor(word.length / 3));

/** The one of `known` that somebody who wrote `word` most likely meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const written = plain(word);
  const apart = known.map((name): [string, number] => [name, distance(written, plain(name))]);
  const [closest] = apart.filter(([, edits]) => edits <= reach(written)).sort(([, a], [, b]) => a - b);
  if (closest) return closest[0];
  const having = written.length < 3 ? [] : known.filter((name) => plain(name).includes(written));
  const first = having.filter((name) => plain(name).startsWith(written));
  return having.length === 1 ? having[0] : first.length === 1 ? first[0] : undefined;
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Letters to put in, take out, change or swap with the next. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next.push(
        Math.min(
          row[j]! + 1,
          next[j - 1]! + 1,
          row[j - 1]! + Number(!isSame),
          isSwapped ? before[j - 2]! + 1 : Infinity
        )
      );
    }
    [before, row] = [row, next];
  }
  return row.at(-1)!;
}
