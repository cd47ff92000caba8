import { poissonSchedule } from '../../src/domain/load/arrivals.ts';
import { responseTimes } from '../../src/domain/load/queue.ts';
import { searchLargestRate } from '../../src/domain/load/rate-search.ts';
import { normalQuantile } from '../../src/domain/statistics/normal.ts';
import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import { seededRandom } from '../../src/domain/statistics/random.ts';

const SERVICE_MS = 5;
const SERVICE_DEVIATION = 0.2;
const PERCENTILE = 0.99;

/** One server that takes 5 ms, give or take a fifth, for each query; Poisson arrivals. */
function simulatedServer(ratePerSecond: number, queries: number, seed: number): Float64Array {
  const random = seededRandom(seed ^ 0x5bd1e995);
  const services = new Float64Array(queries).map(() => {
    const z = normalQuantile(Math.max(random.next(), Number.EPSILON));
    return Math.max(0.1, SERVICE_MS * (1 + SERVICE_DEVIATION * z));
  });
  return responseTimes(poissonSchedule({ ratePerSecond, queries, seed }), services);
}

/** The p99 at a utilisation: the limit at which that utilisation's rate is the largest that holds. */
export function simulatedLimit(utilisation: number): { ratePerSecond: number; limitMs: number } {
  const ratePerSecond = (utilisation * 1_000) / SERVICE_MS;
  const queries = 4_000_000;
  const sorted = simulatedServer(ratePerSecond, queries, 1).sort();
  return { ratePerSecond, limitMs: orderStatistic(sorted, PERCENTILE) };
}

/** A whole search against the simulated server; the rate found, queries a second. */
export async function simulatedSearch(limitMs: number, seed: number): Promise<number> {
  const { ratePerSecond } = await searchLargestRate({
    startPerSecond: 100,
    resolution: 1.01,
    maximumProbes: 40,
    level: { percentile: PERCENTILE, limitMs },
    firstQueries: 2_000,
    maximumQueries: 60_000,
    play: async (run) => simulatedServer(run.ratePerSecond, run.queries, seed * 100_000 + run.seed),
  });
  return ratePerSecond!;
}
