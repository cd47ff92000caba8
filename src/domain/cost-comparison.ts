import { HOURS_PER_MONTH, monthlyCost, type ServingPlan } from './cost.ts';
import { normalQuantile } from './statistics/normal.ts';
import { seededRandom } from './statistics/random.ts';

const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;
const DRAWS = 2000;

export interface Return {
  savingUsdPerMonth: number;
  savingFraction: number;
  /** Null when nothing is saved. */
  paybackDays: number | null;
  /** (12 savings - fee) / fee; null without a fee. */
  return12Months: number | null;
}

/** Of a fee paid once; a month has 730 hours, so 30.4167 days. */
export function returnOf(costs: { baselineUsd: number; candidateUsd: number; feeUsd: number }): Return {
  const { baselineUsd, candidateUsd, feeUsd } = costs;
  const saving = baselineUsd - candidateUsd;
  return {
    savingUsdPerMonth: saving,
    savingFraction: saving / baselineUsd,
    paybackDays: saving > 0 ? (feeUsd / saving) * DAYS_PER_MONTH : null,
    return12Months: feeUsd > 0 ? (12 * saving - feeUsd) / feeUsd : null,
  };
}

/** A positive quantity as measured samples, or as the 95 % interval of a log-normal. */
export type Uncertain = { samples: number[] } | { lower: number; upper: number };

export interface Quantiles {
  p10: number;
  p50: number;
  p90: number;
}

export interface CostRange {
  baselineUsd: Quantiles;
  candidateUsd: Quantiles;
  savingUsd: Quantiles;
  /** Share of the draws in which nothing is saved. */
  noSavingShare: number;
}

/** What each of the range's savings returns. */
export function returnsOf(input: { baselineUsd: number; range: CostRange; feeUsd: number }): {
  p10: Return;
  p50: Return;
  p90: Return;
} {
  const { baselineUsd, range, feeUsd } = input;
  const at = (savingUsd: number) => returnOf({ baselineUsd, candidateUsd: baselineUsd - savingUsd, feeUsd });
  const { p10, p50, p90 } = range.savingUsd;
  return { p10: at(p10), p50: at(p50), p90: at(p90) };
}

/** Two sides of which something is not known. */
export interface CostSides {
  baseline: { plan: ServingPlan; rate: Uncertain };
  candidate: { plan: ServingPlan; rate: Uncertain } | { plan: ServingPlan; speedup: Uncertain };
}

/** Monthly cost of both sides in one draw. */
export interface CostDraw {
  before: number;
  after: number;
}

/** Carries what is not known of the rate and the speed-up through whole replicas; the same seed, the same range. */
export const costRange = ({ seed, ...sides }: CostSides & { seed: number }): CostRange =>
  rangeOf(costDraws(sides, seed));

/** As many for every seed, so that draws of several models can be added. */
export function costDraws({ baseline, candidate }: CostSides, seed: number): CostDraw[] {
  const random = seededRandom(seed);
  const cost = (plan: ServingPlan, replicaRps: number) => monthlyCost({ ...plan, replicaRps }).usdPerMonth;
  return Array.from({ length: DRAWS }, () => {
    const rate = draw(baseline.rate, random.next());
    const other = random.next();
    const candidateRate = 'speedup' in candidate ? rate * draw(candidate.speedup, other) : draw(candidate.rate, other);
    return { before: cost(baseline.plan, rate), after: cost(candidate.plan, candidateRate) };
  });
}

export function rangeOf(draws: CostDraw[]): CostRange {
  const savings = draws.map(({ before, after }) => before - after);
  return {
    baselineUsd: quantiles(draws.map(({ before }) => before)),
    candidateUsd: quantiles(draws.map(({ after }) => after)),
    savingUsd: quantiles(savings),
    noSavingShare: savings.filter((saving) => saving <= 0).length / DRAWS,
  };
}

/** Middle of the interval on the scale of ratios, or of the samples. */
export function medianOf(value: Uncertain): number {
  return 'samples' in value ? quantiles(value.samples).p50 : Math.sqrt(value.lower * value.upper);
}

function draw(value: Uncertain, uniform: number): number {
  if ('samples' in value) return value.samples[Math.floor(uniform * value.samples.length)]!;
  const { lower, upper } = value;
  const sigma = Math.log(upper / lower) / (2 * normalQuantile(0.975));
  // `uniform` is a multiple of 2^-32 that may be 0, where the quantile is not defined.
  return medianOf(value) * Math.exp(sigma * normalQuantile(uniform + 2 ** -33));
}

/** The order statistic at or below each level: costs come in whole instances, and so do these. */
function quantiles(values: number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (level: number) => sorted[Math.floor(level * (sorted.length - 1))]!;
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}
