import { poissonSchedule } from '../../domain/load/arrivals.ts';
import type { LatencyBlocks } from '../../domain/load/comparison.ts';
import { latenciesOf } from '../../domain/load/verdict.ts';
import { orderStatistic } from '../../domain/statistics/order-statistic.ts';
import { seededRandom, shuffle } from '../../domain/statistics/random.ts';
import { type LoadTarget, runLoad } from './run.ts';

export interface CompareLoadInput {
  targets: Record<keyof LatencyBlocks, LoadTarget>;
  /** Rows of the data set to draw from, with replacement. */
  rows: number;
  blocks: number;
  queriesPerBlock: number;
  /** Of Poisson arrivals. */
  ratePerSecond: number;
  /** As a share: 0.5 compares medians. */
  percentile: number;
  seed: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

const ARMS = ['baseline', 'twin', 'candidate'] as const;

/**
 * Plays every block on every arm, in random order, with the same rows and the same arrivals; every play is a process
 * of its own, so that where the host happens to place one is noise like any other, and is averaged away.
 */
export async function compareUnderLoad(input: CompareLoadInput): Promise<LatencyBlocks> {
  const { targets, blocks, queriesPerBlock, ratePerSecond, percentile, signal, onProgress } = input;
  const random = seededRandom(input.seed);
  const measured: LatencyBlocks = { baseline: [], twin: [], candidate: [] };
  let done = 0;
  for (let block = 0; block < blocks; block++) {
    const rows = Int32Array.from({ length: queriesPerBlock }, () => random.below(input.rows));
    const scheduledMs = poissonSchedule({ ratePerSecond, queries: queriesPerBlock, seed: random.below(2 ** 31) });
    for (const arm of shuffle([...ARMS], random)) {
      const { log } = await runLoad({ target: targets[arm], rows, scenario: 'server', scheduledMs, signal });
      measured[arm].push(orderStatistic(latenciesOf(log).sort(), percentile));
      onProgress?.({ done: ++done, total: blocks * ARMS.length });
    }
  }
  return measured;
}
