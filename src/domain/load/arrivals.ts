import { requireCount } from '../statistics/arguments.ts';
import { seededRandom } from '../statistics/random.ts';

/**
 * Poisson arrivals: `queries` times in milliseconds since the run began, ascending, with exponential gaps of mean
 * 1000 / rate. The same seed gives the same schedule on every machine.
 */
export function poissonSchedule(input: { ratePerSecond: number; queries: number; seed: number }): Float64Array {
  const { ratePerSecond, queries, seed } = input;
  if (!(ratePerSecond > 0 && Number.isFinite(ratePerSecond)))
    throw new RangeError(`ratePerSecond must be above 0, not ${ratePerSecond}`);
  requireCount('queries', queries, 1);
  const random = seededRandom(seed);
  const schedule = new Float64Array(queries);
  let at = 0;
  for (let i = 0; i < queries; i++) {
    at -= (Math.log(1 - random.next()) * 1_000) / ratePerSecond;
    schedule[i] = at;
  }
  return schedule;
}
