import { type Ratio, ratioOf } from './load/comparison.ts';
import type { LatencyComparison, LatencyPercentiles } from './measurement.ts';
import { requireSamples } from './statistics/arguments.ts';
import { ratioOfMediansInterval } from './statistics/bootstrap.ts';
import { orderStatistic } from './statistics/order-statistic.ts';

/** Raw latencies in milliseconds; index i of each is the same input in the same round. */
export interface BaselineRounds {
  baseline: number[];
  /** The same model in another process: what differs is the host's noise. */
  twin: number[];
  /** In as many blocks of equal length, each in new processes. Absent in older engagements, which had one. */
  blocks?: number;
}

export interface LatencyRounds extends BaselineRounds {
  candidate: number[];
}

export type NoiseFigures = Pick<LatencyComparison, 'baseline' | 'noiseFloor' | 'noiseInterval'>;

/** For rounds without blocks. Fixed, so that whoever has the rounds computes the very same figures. */
const BOOTSTRAP = { confidence: 0.95, resamples: 2_000, seed: 20_240_229 };

/** Every figure of a comparison from its raw rounds; throws a RangeError naming the arm for unequal or bad samples. */
export function summarizeLatency(rounds: LatencyRounds): Omit<LatencyComparison, 'rounds'> {
  const { estimate, interval } = ratioOfRounds(rounds, rounds.candidate);
  return {
    speedup: estimate,
    speedupInterval: interval,
    candidate: latencyPercentiles(rounds.candidate),
    ...summarizeBaseline(rounds),
  };
}

/** The baseline's figures and the noise floor, without a candidate. */
export function summarizeBaseline(rounds: BaselineRounds): NoiseFigures {
  const { estimate, interval } = ratioOfRounds(rounds, rounds.twin);
  return { noiseFloor: estimate, noiseInterval: interval, baseline: latencyPercentiles(rounds.baseline) };
}

/** Of the blocks' medians; processes differ more than the rounds of one, so that rounds alone would tell too much. */
function ratioOfRounds({ baseline, blocks }: BaselineRounds, candidate: number[]): Ratio {
  if (candidate.length !== baseline.length)
    throw new RangeError(`one arm has ${candidate.length} rounds and the baseline has ${baseline.length}`);
  if (blocks) return ratioOf({ baseline: medians(baseline, blocks), candidate: medians(candidate, blocks) });
  const { estimate, lower, upper } = ratioOfMediansInterval({ ...BOOTSTRAP, baseline, candidate });
  return { estimate, interval: [lower, upper] };
}

function medians(samplesMs: number[], blocks: number): number[] {
  const length = samplesMs.length / blocks;
  const blockOf = (block: number) => Float64Array.from(samplesMs.slice(block * length, (block + 1) * length));
  return Array.from({ length: blocks }, (_, block) => orderStatistic(blockOf(block).sort(), 0.5));
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
