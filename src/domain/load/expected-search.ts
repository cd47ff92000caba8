import { FIRST_PROBE } from '../measurement-plan.ts';
import { seededRandom } from '../statistics/random.ts';
import { poissonSchedule } from './arrivals.ts';
import { responseTimes } from './queue.ts';
import { type RateSearchInput, searchLargestRate } from './rate-search.ts';

const PLAYS = 5;

export interface ExpectedSearch {
  /** Milliseconds of arrivals and answers, from the shortest to the longest of some searches. */
  least: number;
  most: number;
  /** Whether any of them found a rate at the service level. */
  holds: boolean;
}

/** How long the search for the largest rate takes on one server whose queries take as long as those of `serviceMs`. */
export async function expectedSearch(
  serviceMs: readonly number[],
  limits: Pick<RateSearchInput, 'level' | 'firstQueries' | 'maximumQueries' | 'maximumProbes' | 'resolution'>
): Promise<ExpectedSearch> {
  const meanMs = serviceMs.reduce((total, each) => total + each, 0) / serviceMs.length;
  const plays: { ms: number; holds: boolean }[] = [];
  for (let play = 0; play < PLAYS; play++) {
    const random = seededRandom(play + 1);
    let ms = 0;
    const { ratePerSecond } = await searchLargestRate({
      ...limits,
      startPerSecond: (1_000 * FIRST_PROBE) / meanMs,
      play: async (run) => {
        const arrivals = poissonSchedule({ ...run, seed: random.below(2 ** 31) });
        const services = arrivals.map(() => serviceMs[random.below(serviceMs.length)]!);
        const latencies = responseTimes(arrivals, services);
        ms += arrivals.at(-1)! + latencies.at(-1)!;
        return latencies;
      },
    });
    plays.push({ ms, holds: ratePerSecond !== null });
  }
  const lengths = plays.map(({ ms }) => ms);
  return { least: Math.min(...lengths), most: Math.max(...lengths), holds: plays.some(({ holds }) => holds) };
}
