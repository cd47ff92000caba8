/** Values by their places, equal ones in one run. */
interface Order {
  /** Indices by rising value. */
  indices: Uint32Array;
  /** Of each sample: how many are smaller, and how many are smaller or the same. */
  below: Uint32Array;
  upTo: Uint32Array;
}

/**
 * Spearman's correlation of two samples without each of their pairs in turn, in O(n log n). Without k every value above
 * k's loses a rank and the middle falls by half of one, so a rank about the middle, c, becomes c - e with e = 1/2 above
 * k, -1/2 below it and 0 beside it; sums of c e come from sums over the order, those of e e' from Kendall's count of
 * pairs in the same order less those in the other, for one k (M. G. Kendall, Biometrika 30 (1938), 81-93), counted in a
 * Fenwick tree (P. M. Fenwick, Softw. Pract. Exp. 24 (1994), 327-336).
 */
export function leaveOneOutCorrelations(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const n = a.length;
  const [orderA, orderB] = [orderOf(a), orderOf(b)];
  const [ranksA, ranksB] = [centred(orderA), centred(orderB)];
  const [sumsAB, sumsAA] = [shifts(orderA, ranksB), shifts(orderA, ranksA)];
  const [sumsBA, sumsBB] = [shifts(orderB, ranksA), shifts(orderB, ranksB)];
  const agreeing = agreements(orderA, orderB);
  const [ofBoth, ofA, ofB] = [product(ranksA, ranksB), product(ranksA, ranksA), product(ranksB, ranksB)];
  return Float64Array.from({ length: n }, (_, k) => {
    const [rankA, rankB] = [ranksA[k]!, ranksB[k]!];
    const withoutA = ofA - rankA ** 2 - 2 * sumsAA[k]! + others(orderA, k) / 4;
    const withoutB = ofB - rankB ** 2 - 2 * sumsBB[k]! + others(orderB, k) / 4;
    const both = ofBoth - rankA * rankB - sumsAB[k]! - sumsBA[k]! + agreeing[k]! / 4;
    return withoutA <= 0 || withoutB <= 0 ? 0 : both / Math.sqrt(withoutA * withoutB);
  });
}

function orderOf(values: ArrayLike<number>): Order {
  const n = values.length;
  const indices = Uint32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const [below, upTo] = [new Uint32Array(n), new Uint32Array(n)];
  for (let from = 0; from < n; ) {
    let end = from + 1;
    while (end < n && values[indices[end]!] === values[indices[from]!]) end++;
    for (let i = from; i < end; i++) {
      below[indices[i]!] = from;
      upTo[indices[i]!] = end;
    }
    from = end;
  }
  return { indices, below, upTo };
}

/** Ranks about their middle, equal values sharing theirs. */
const centred = ({ below, upTo }: Order): Float64Array =>
  Float64Array.from(below, (before, i) => (before + upTo[i]! - below.length) / 2);

/** Samples with another value than k's. */
const others = ({ below, upTo }: Order, k: number): number => below.length - (upTo[k]! - below[k]!);

/** For each k the sum of the ranks times e. */
function shifts({ indices, below, upTo }: Order, ranks: Float64Array): Float64Array {
  const n = ranks.length;
  const before = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) before[i + 1] = before[i]! + ranks[indices[i]!]!;
  return Float64Array.from(below, (from, k) => (before[n]! - before[upTo[k]!]! - before[from]!) / 2);
}

/** For each k the samples that lie on the same side of it in both orders, less those that lie on different ones. */
function agreements(a: Order, b: Order): Float64Array {
  const n = a.indices.length;
  const seen = new Counts(n);
  const found = new Float64Array(n);
  for (let from = 0; from < n; ) {
    const end = a.upTo[a.indices[from]!]!;
    const run = a.indices.subarray(from, end);
    for (const k of run) found[k]! += seen.below(b.below[k]!) - (from - seen.below(b.upTo[k]!));
    for (const i of run) seen.add(b.below[i]!);
    for (const k of run) {
      const lower = b.below[k]! - seen.below(b.below[k]!);
      const higher = n - b.upTo[k]! - (end - seen.below(b.upTo[k]!));
      found[k]! += higher - lower;
    }
    from = end;
  }
  return found;
}

/** How many of what was added lies below a place; both in O(log n). */
class Counts {
  readonly #tree: Uint32Array;

  constructor(places: number) {
    this.#tree = new Uint32Array(places + 1);
  }

  add(place: number): void {
    for (let i = place + 1; i < this.#tree.length; i += i & -i) this.#tree[i]! += 1;
  }

  below(place: number): number {
    let count = 0;
    for (let i = place; i > 0; i -= i & -i) count += this.#tree[i]!;
    return count;
  }
}

const product = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
