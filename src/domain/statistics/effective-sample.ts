import { requireSamples } from './arguments.ts';
import { orderStatistic } from './order-statistic.ts';

const BATCHES = 20;
/** Where the dependence is also measured: above a far limit too few latencies lie to show theirs. */
const COMMON_SHARE = 0.1;

/** What dependent queries are worth: `queries / correlation` of them, had they been independent. */
export interface EffectiveSample {
  queries: number;
  /** Queries above the limit. */
  over: number;
  /** Autocorrelation time in queries; at least 1. */
  correlation: number;
  effectiveQueries: number;
  effectiveOver: number;
}

/**
 * Batch means, in the order of arrival, over the indicator of a latency above `limitMs` and over that of one among the
 * highest tenth; the longer correlation counts. At least 20 latencies, else a RangeError.
 * Source: Fishman, Principles of Discrete Event Simulation (1978), section 5.2; 20 batches.
 */
export function effectiveSample(input: { latenciesMs: ArrayLike<number>; limitMs: number }): EffectiveSample {
  const { latenciesMs, limitMs } = input;
  requireSamples('latenciesMs', latenciesMs, BATCHES);
  const queries = latenciesMs.length;
  const sorted = Float64Array.from(latenciesMs).sort();
  const common = orderStatistic(sorted, 1 - COMMON_SHARE);
  const correlation = Math.max(1, correlationAbove(latenciesMs, limitMs), correlationAbove(latenciesMs, common));
  const over = sorted.reduce((count, latency) => count + (latency > limitMs ? 1 : 0), 0);
  return {
    queries,
    over,
    correlation,
    effectiveQueries: Math.floor(queries / correlation),
    effectiveOver: Math.ceil(over / correlation),
  };
}

/** How much more the batch means vary than those of independent indicators; 0 when all lie on one side. */
function correlationAbove(latenciesMs: ArrayLike<number>, limitMs: number): number {
  const size = Math.floor(latenciesMs.length / BATCHES);
  const means = new Float64Array(BATCHES);
  for (let i = 0; i < size * BATCHES; i++) if (latenciesMs[i]! > limitMs) means[Math.floor(i / size)]! += 1 / size;
  const share = means.reduce((total, mean) => total + mean, 0) / BATCHES;
  if (share === 0 || share === 1) return 0;
  const variance = means.reduce((total, mean) => total + (mean - share) ** 2, 0) / (BATCHES - 1);
  return (variance * size) / (share * (1 - share));
}
