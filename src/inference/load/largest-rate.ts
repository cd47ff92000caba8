import { poissonSchedule } from '../../domain/load/arrivals.ts';
import { harnessFaults } from '../../domain/load/harness.ts';
import {
  type Probe,
  type RateSearchLimits,
  type RateSearchResult,
  type ServiceLevel,
  searchLargestRate,
} from '../../domain/load/rate-search.ts';
import { latenciesOf } from '../../domain/load/verdict.ts';
import { seededRandom } from '../../domain/statistics/random.ts';
import { type LoadRun, type LoadTarget, runLoad } from './run.ts';

export interface LargestRateInput extends RateSearchLimits {
  target: LoadTarget;
  /** Rows of the data set to draw from, with replacement. */
  rows: number;
  level: ServiceLevel;
  replicas?: number;
  firstQueries: number;
  maximumQueries: number;
  seed: number;
  /** Finished probes of a search that was cut off. */
  probes?: readonly Probe[];
  onProbe?: (probes: readonly Probe[]) => void;
  signal?: AbortSignal;
}

export interface LargestRate extends RateSearchResult {
  /** CPU of the sessions, mean over the runs. */
  cpuMsPerQuery: number | null;
  peakBytes: number | null;
  /** Why no figure of this search counts; empty when the harness was not the limit. */
  faults: string[];
}

const ATTEMPTS = 3; // a busy neighbour passes; a harness at its limit stays

/** The largest rate of Poisson arrivals at which a target on this host keeps the service level. */
export async function largestRate(input: LargestRateInput): Promise<LargestRate> {
  const { target, rows, level, replicas, seed, signal } = input;
  const runs: LoadRun[] = [];
  const faults: string[] = [];
  const play = async (run: { ratePerSecond: number; queries: number; seed: number }) => {
    const random = seededRandom(seed + run.seed);
    const load = {
      target,
      replicas,
      signal,
      limitMs: level.limitMs,
      scenario: 'server' as const,
      rows: Int32Array.from({ length: run.queries }, () => random.below(rows)),
      scheduledMs: poissonSchedule({ ...run, seed: random.below(2 ** 31) }),
    };
    const { played, found } = await undisturbed(() => runLoad(load));
    runs.push(played);
    faults.push(...found);
    return latenciesOf(played.log);
  };
  const result = await searchLargestRate({ ...input, play });
  const cpu = runs.reduce((sum, { cpuMsPerQuery }) => sum + cpuMsPerQuery, 0);
  return {
    ...result,
    cpuMsPerQuery: runs.length ? cpu / runs.length : null,
    peakBytes: runs.length ? Math.max(...runs.map(({ peakBytes }) => peakBytes)) : null,
    faults: [...new Set(faults)],
  };
}

/** Repeats a run that the host disturbed; the last one stands, with what is wrong with it. */
async function undisturbed(play: () => Promise<LoadRun>): Promise<{ played: LoadRun; found: string[] }> {
  for (let attempt = 1; ; attempt++) {
    const played = await play();
    const found = harnessFaults(played.harness);
    if (found.length === 0 || attempt === ATTEMPTS) return { played, found };
  }
}
