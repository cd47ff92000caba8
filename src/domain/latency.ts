import type { LatencyComparison, LatencyPercentiles } from './measurement.ts';
import { requireSamples } from './statistics/arguments.ts';
import { ratioOfMediansInterval } from './statistics/bootstrap.ts';
import { orderStatistic } from './statistics/order-statistic.ts';

/** Raw latencies in milliseconds; index i of each is the same input in the same round. */
export interface BaselineRounds {
  baseline: number[];
  /** The same model in another process: what differs is the host's noise. */
  twin: number[];
}

export interface LatencyRounds extends BaselineRounds {
  candidate: number[];
}

export type NoiseFigures = Pick<LatencyComparison, 'baseline' | 'noiseFloor' | 'noiseInterval'>;

/** Fixed, so that whoever has the rounds computes the very same figures. */
const BOOTSTRAP = { confidence: 0.95, resamples: 2_000, seed: 20_240_229 };

/** Every figure of a comparison from its raw rounds; throws a RangeError naming the arm for unequal or bad samples. */
export function summarizeLatency(rounds: LatencyRounds): Omit<LatencyComparison, 'rounds'> {
  const speed = ratioOfMediansInterval({ ...BOOTSTRAP, baseline: rounds.baseline, candidate: rounds.candidate });
  return {
    speedup: speed.estimate,
    speedupInterval: [speed.lower, speed.upper],
    candidate: latencyPercentiles(rounds.candidate),
    ...summarizeBaseline(rounds),
  };
}

/** The baseline's figures and the noise floor, without a candidate. */
export function summarizeBaseline({ baseline, twin }: BaselineRounds): NoiseFigures {
  const noise = ratioOfMediansInterval({ ...BOOTSTRAP, baseline, candidate: twin });
  return {
    noiseFloor: noise.estimate,
    noiseInterval: [noise.lower, noise.upper],
    baseline: latencyPercentiles(baseline),
  };
}

export function latencyPercentiles(samplesMs: ArrayLike<number>): LatencyPercentiles {
  requireSamples('samplesMs', samplesMs);
  const sorted = Float64Array.from(samplesMs).sort();
  return {
    p50Ms: orderStatistic(sorted, 0.5),
    p95Ms: orderStatistic(sorted, 0.95),
    p99Ms: orderStatistic(sorted, 0.99),
  };
}
