import { requireSamples } from './arguments.ts';

const BATCHES = 20;

/** What dependent queries are worth: `queries / correlation` of them, had they been independent. */
export interface EffectiveSample {
  queries: number;
  /** Queries above the limit. */
  over: number;
  /** Autocorrelation time of "above the limit", in queries; at least 1. */
  correlation: number;
  effectiveQueries: number;
  effectiveOver: number;
}

/**
 * Batch means over the indicator of a latency above `limitMs`, in the order of arrival; at least 20 latencies.
 * Source: Fishman, Principles of Discrete Event Simulation (1978), section 5.2; 20 batches.
 */
export function effectiveSample({
  latenciesMs,
  limitMs,
}: {
  latenciesMs: ArrayLike<number>;
  limitMs: number;
}): EffectiveSample {
  requireSamples('latenciesMs', latenciesMs, BATCHES);
  const queries = latenciesMs.length;
  const size = Math.floor(queries / BATCHES);
  const means = new Float64Array(BATCHES);
  let over = 0;
  for (let i = 0; i < queries; i++) {
    if (latenciesMs[i]! <= limitMs) continue;
    over++;
    if (i < size * BATCHES) means[Math.floor(i / size)]! += 1 / size;
  }
  const share = Math.min(Math.max(over, 1), queries - 1) / queries;
  const correlation = Math.max(1, (variance(means) * size) / (share * (1 - share)));
  return {
    queries,
    over,
    correlation,
    effectiveQueries: Math.floor(queries / correlation),
    effectiveOver: Math.ceil(over / correlation),
  };
}

function variance(values: Float64Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1);
}
