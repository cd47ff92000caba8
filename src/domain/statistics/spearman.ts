import { requireSamples } from './arguments.ts';
import { type BootstrapInput, type BootstrapInterval, bcaEnds, requireBootstrap } from './bootstrap.ts';
import { leaveOneOutCorrelations } from './leave-one-out-ranks.ts';
import { seededRandom } from './random.ts';

/** Gold similarities of pairs, and those that two models give them; all of one length. */
export interface Similarities {
  gold: ArrayLike<number>;
  baseline: ArrayLike<number>;
  candidate: ArrayLike<number>;
}

/** Spearman's rank correlation, equal values sharing the middle of their places; 0 where one side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const once = new Uint32Array(a.length).fill(1);
  return correlation(new WeightedRanks(a).of(once), new WeightedRanks(b).of(once), once);
}

/** Places from the middle in units of their standard deviation; all 0 where the values are one. */
export function standardRanks(values: ArrayLike<number>): Float64Array {
  const ranks = new WeightedRanks(values).of(new Uint32Array(values.length).fill(1));
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank * rank, 0) / ranks.length);
  return deviation === 0 ? ranks : ranks.map((rank) => rank / deviation);
}

/**
 * BCa interval of spearman(gold, candidate) - spearman(gold, baseline) over at least 3 pairs. Whole pairs are resampled,
 * with what both models say of them, as the two correlations depend on each other; the jackknife is exact. Throws a
 * RangeError that names the field. Sources: B. Efron, JASA 82 (1987), 171-185; R. R. Wilcox, Br. J. Math. Stat. Psychol.
 * 69 (2016), 215-224.
 */
export function bcaSpearmanInterval(input: BootstrapInput & Similarities): BootstrapInterval {
  const { gold, baseline, candidate, confidence, resamples, seed } = input;
  requireSamples('gold', gold, 3);
  for (const [field, values] of Object.entries({ baseline, candidate })) {
    requireSamples(field, values, 3);
    if (values.length !== gold.length)
      throw new RangeError(`${field} has ${values.length} samples and gold has ${gold.length}`);
  }
  requireBootstrap(input);
  const n = gold.length;
  const ranks = [gold, baseline, candidate].map((values) => new WeightedRanks(values));
  const differenceOf = (drawn: Uint32Array) => {
    const [ofGold, ofBaseline, ofCandidate] = ranks.map((each) => each.of(drawn));
    return correlation(ofGold!, ofCandidate!, drawn) - correlation(ofGold!, ofBaseline!, drawn);
  };
  const drawn = new Uint32Array(n).fill(1);
  const estimate = differenceOf(drawn);
  const left = leaveOneOutCorrelations(gold, candidate);
  for (const [out, ofBaseline] of leaveOneOutCorrelations(gold, baseline).entries()) left[out]! -= ofBaseline;
  const middle = left.reduce((sum, value) => sum + value, 0) / n;
  const deviations = left.map((value) => middle - value);
  if (deviations.every((deviation) => deviation === 0)) return { estimate, lower: estimate, upper: estimate };
  const random = seededRandom(seed);
  const resampled = new Float64Array(resamples).map(() => {
    drawn.fill(0);
    for (let i = 0; i < n; i++) drawn[random.below(n)]!++;
    return differenceOf(drawn);
  });
  return { estimate, ...bcaEnds({ estimate, resampled, deviations, confidence }) };
}

/** Ranks of a resample given as how often each sample was drawn; sorts once instead of once a resample. */
class WeightedRanks {
  readonly #order: Uint32Array;
  /** Where each run of equal samples ends, in that order. */
  readonly #ends: Uint32Array;
  readonly #ranks: Float64Array;

  constructor(samples: ArrayLike<number>) {
    this.#order = Uint32Array.from(samples, (_, i) => i).sort((i, j) => samples[i]! - samples[j]!);
    const isLast = (_: number, i: number) => samples[this.#order[i]!] !== samples[this.#order[i + 1]!];
    this.#ends = Uint32Array.from([...this.#order.keys()].filter((i) => isLast(0, i)));
    this.#ranks = new Float64Array(samples.length);
  }

  /** Less the middle rank; the array is used again by the next call. */
  of(drawn: Uint32Array): Float64Array {
    const [order, ends, ranks] = [this.#order, this.#ends, this.#ranks]; // a private field costs, read in a loop
    let total = 0;
    for (let i = 0; i < drawn.length; i++) total += drawn[i]!;
    let [from, before] = [0, 0];
    for (let run = 0; run < ends.length; run++) {
      const last = ends[run]!;
      let times = 0;
      for (let i = from; i <= last; i++) times += drawn[order[i]!]!;
      const rank = before + times / 2 - total / 2;
      for (let i = from; i <= last; i++) ranks[order[i]!] = rank;
      from = last + 1;
      before += times;
    }
    return this.#ranks;
  }
}

/** Of ranks about their middle, each so many times. */
function correlation(a: Float64Array, b: Float64Array, drawn: Uint32Array): number {
  let [ofBoth, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const times = drawn[i]!;
    ofBoth += times * a[i]! * b[i]!;
    ofA += times * a[i]! * a[i]!;
    ofB += times * b[i]! * b[i]!;
  }
  return ofA === 0 || ofB === 0 ? 0 : ofBoth / Math.sqrt(ofA * ofB);
}
