import { requireCount, requireFraction, requireSamples } from './arguments.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { seededRandom } from './random.ts';

export interface BootstrapInput {
  /** Two-sided, such as 0.95. */
  confidence: number;
  resamples: number;
  /** The same seed gives the same interval on every machine. */
  seed: number;
}

export interface BootstrapInterval {
  estimate: number;
  lower: number;
  upper: number;
}

/**
 * BCa interval of mean(candidate - baseline) over paired samples of equal length (at least 2), in their unit.
 * When every difference is the same, both ends are the estimate. Throws a RangeError that names the field.
 * Source: B. Efron, JASA 82 (1987), 171-185; jackknife acceleration, ties counted half.
 */
export function bcaPairedInterval(
  input: BootstrapInput & { baseline: ArrayLike<number>; candidate: ArrayLike<number> }
): BootstrapInterval {
  const { baseline, candidate, confidence, resamples, seed } = input;
  requirePairs({ baseline, candidate }, 2);
  requireBootstrap(input);
  const differences = Float64Array.from(candidate, (value, i) => value - baseline[i]!);
  const n = differences.length;
  const estimate = sum(differences) / n;
  if (differences.every((value) => value === differences[0])) return { estimate, lower: estimate, upper: estimate };

  const random = seededRandom(seed);
  const means = new Float64Array(resamples).map(() => {
    let total = 0;
    for (let i = 0; i < n; i++) total += differences[random.below(n)]!;
    return total / n;
  });
  const deviations = differences.map((difference) => (difference - estimate) / (n - 1));
  return { estimate, ...bcaEnds({ estimate, resampled: means, deviations, confidence }) };
}

/**
 * Ends of the BCa interval of any statistic from its resampled values, which are sorted in place, and the deviations of
 * its jackknife (the mean of the leave-one-out values less each of them), not all 0.
 */
export function bcaEnds({
  estimate,
  resampled,
  deviations,
  confidence,
}: {
  estimate: number;
  resampled: Float64Array;
  deviations: Float64Array;
  confidence: number;
}): Pick<BootstrapInterval, 'lower' | 'upper'> {
  resampled.sort();
  const below = resampled.filter((value) => value < estimate).length;
  const level = (below + resampled.filter((value) => value <= estimate).length) / (2 * resampled.length);
  // A resample set that lies on one side alone would put the bias at infinity.
  const edge = 0.5 / resampled.length;
  const bias = normalQuantile(Math.min(Math.max(level, edge), 1 - edge));
  const acceleration = accelerationOf(deviations);
  const end = (z: number) => quantile(resampled, normalCdf(bias + (bias + z) / (1 - acceleration * (bias + z))));
  const z = normalQuantile((1 + confidence) / 2);
  return { lower: end(-z), upper: end(z) };
}

/**
 * Percentile interval of median(baseline) / median(candidate) over paired samples of equal length, all above 0; whole
 * pairs are resampled, so what hits both of a round cancels. Throws a RangeError that names the field.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
 */
export function ratioOfMediansInterval(
  input: BootstrapInput & { baseline: ArrayLike<number>; candidate: ArrayLike<number> }
): BootstrapInterval {
  const { baseline, candidate, confidence, resamples, seed } = input;
  requirePairs({ baseline, candidate }, 1);
  requireBootstrap(input);
  const medians = {
    baseline: new WeightedMedian('baseline', baseline),
    candidate: new WeightedMedian('candidate', candidate),
  };
  const n = baseline.length;
  const random = seededRandom(seed);
  const drawn = new Uint32Array(n);
  const ratios = new Float64Array(resamples).map(() => {
    drawn.fill(0);
    for (let i = 0; i < n; i++) drawn[random.below(n)]!++;
    return medians.baseline.of(drawn) / medians.candidate.of(drawn);
  });
  ratios.sort();
  drawn.fill(1);
  return {
    estimate: medians.baseline.of(drawn) / medians.candidate.of(drawn),
    lower: quantile(ratios, (1 - confidence) / 2),
    upper: quantile(ratios, (1 + confidence) / 2),
  };
}

/** Median of a resample given as how often each sample was drawn; sorts once instead of once a resample. */
class WeightedMedian {
  readonly #samples: ArrayLike<number>;
  readonly #order: number[];

  constructor(field: string, samples: ArrayLike<number>) {
    const order = Array.from(samples, (_, i) => i).sort((i, j) => samples[i]! - samples[j]!);
    if (samples[order[0]!]! <= 0)
      throw new RangeError(`${field}[${order[0]}] must be above 0, not ${samples[order[0]!]}`);
    this.#samples = samples;
    this.#order = order;
  }

  of(drawn: Uint32Array): number {
    const half = this.#samples.length / 2;
    let seen = 0;
    for (const [rank, index] of this.#order.entries()) {
      seen += drawn[index]!;
      if (seen > half) return this.#samples[index]!;
      if (seen === half) return (this.#samples[index]! + this.#samples[this.#nextDrawn(drawn, rank)]!) / 2;
    }
    throw new RangeError('nothing was drawn');
  }

  #nextDrawn(drawn: Uint32Array, rank: number): number {
    return this.#order.slice(rank + 1).find((index) => drawn[index]! > 0)!;
  }
}

/** Linear interpolation between order statistics of sorted samples (R type 7). */
function quantile(sorted: Float64Array, p: number): number {
  const position = p * (sorted.length - 1);
  const low = sorted[Math.floor(position)]!;
  const high = sorted[Math.ceil(position)]!;
  return low + (high - low) * (position - Math.floor(position));
}

/** sum(d^3) / (6 sum(d^2)^1.5) over the jackknife's deviations. */
function accelerationOf(deviations: Float64Array): number {
  const squares = sum(deviations.map((deviation) => deviation ** 2));
  return sum(deviations.map((deviation) => deviation ** 3)) / (6 * squares ** 1.5);
}

const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);

function requirePairs(pairs: { baseline: ArrayLike<number>; candidate: ArrayLike<number> }, least: number): void {
  const { baseline, candidate } = pairs;
  requireSamples('baseline', baseline, least);
  requireSamples('candidate', candidate, least);
  if (baseline.length !== candidate.length)
    throw new RangeError(`candidate has ${candidate.length} samples and baseline has ${baseline.length}`);
}

export function requireBootstrap({ confidence, resamples, seed }: BootstrapInput): void {
  requireFraction('confidence', confidence);
  requireCount('resamples', resamples, 1);
  requireCount('seed', seed);
}
