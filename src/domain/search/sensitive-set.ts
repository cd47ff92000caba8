/** Groups of nodes that must stay in higher precision, as far as the evaluations tell. */
export interface SensitiveSet {
  /** The smallest set found with which the margin holds; every group of the ranking when none was shown to. */
  excluded: string[];
  /** False where the budget ended before every member was shown to be needed. */
  isExact: boolean;
  evaluations: number;
}

/**
 * Finds the groups that a quantized model cannot do without, in few full evaluations. Yields a set of groups to keep in
 * higher precision and is told whether the margin holds with it; returns when the set is exact or the budget is spent.
 *
 * The ranking (most harmful first, by output error) is trusted to be roughly right: the shortest of its prefixes that
 * holds is found by doubling and halving, which asks about 2 log2(k) times for k groups; then members of it are
 * quantized again in groups, as many at once as the budget left demands, and what holds without them drops them.
 */
export function* sensitiveSet(ranking: readonly string[], budget: number): Generator<string[], SensitiveSet, boolean> {
  if (!(budget >= 1)) throw new RangeError(`budget must be at least 1 evaluation, not ${budget}`);
  let evaluations = 0;
  const isSpent = () => evaluations >= budget;
  function* holdsWith(excluded: string[]): Generator<string[], boolean, boolean> {
    evaluations += 1;
    return yield excluded;
  }

  let [tooFew, enough] = [-1, ranking.length]; // lengths of prefixes; the whole ranking is the unquantized model
  for (let length = 0; length < ranking.length && !isSpent(); length = Math.max(1, 2 * length)) {
    const holds: boolean = yield* holdsWith(ranking.slice(0, length));
    if (holds) {
      enough = length;
      break;
    }
    tooFew = length;
  }
  while (enough - tooFew > 1 && !isSpent()) {
    const middle = Math.floor((tooFew + enough) / 2);
    const holds: boolean = yield* holdsWith(ranking.slice(0, middle));
    if (holds) enough = middle;
    else tooFew = middle;
  }

  let excluded = ranking.slice(0, enough);
  const isShortest = enough - tooFew === 1;
  // Without its last member the prefix does not hold; the least harmful of the others are the likeliest to be free.
  const doubtful = isShortest ? excluded.slice(0, -1).reverse() : [...excluded].reverse();
  let isExact = isShortest;
  while (doubtful.length > 0 && !isSpent()) {
    const together = doubtful.splice(0, Math.ceil(doubtful.length / (budget - evaluations)));
    const rest = excluded.filter((name) => !together.includes(name));
    const holds: boolean = yield* holdsWith(rest);
    if (holds) excluded = rest;
    else isExact &&= together.length === 1;
  }
  return { excluded, isExact: isExact && doubtful.length === 0, evaluations };
}
