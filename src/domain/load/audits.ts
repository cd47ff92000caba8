import { requireCount, requireSamples } from '../statistics/arguments.ts';
import { orderStatistic } from '../statistics/order-statistic.ts';
import { seededRandom, shuffle } from '../statistics/random.ts';

/** Repeating a sample may make it this much faster; more is a cache. As MLPerf's TEST04. */
const TOLERABLE_GAIN = 0.1;

export interface AccuracyAudit {
  checked: number;
  /** Rows that were answered otherwise under load than one by one. */
  differing: number[];
}

/**
 * Compares a random part of the answers under load with those without load, as MLPerf's TEST01: `rows[i]` was asked and
 * `answers[i]` answered, `expected[row]` is the answer without load.
 */
export function auditAccuracy(input: {
  rows: ArrayLike<number>;
  answers: ArrayLike<number>;
  expected: ArrayLike<number>;
  /** Answers that differ by no more than this share are the same; none where they are classes. */
  tolerance?: number | undefined;
  /** How many answers to check; all where there are fewer. */
  checks: number;
  seed: number;
}): AccuracyAudit {
  const { rows, answers, expected, tolerance = 0, checks, seed } = input;
  requireCount('checks', checks, 1);
  const queries = Array.from(rows, (_, query) => query);
  const drawn = shuffle(queries, seededRandom(seed)).slice(0, checks);
  const isOther = (query: number) => {
    const wanted = expected[rows[query]!]!;
    return !(Math.abs(answers[query]! - wanted) <= tolerance * Math.abs(wanted));
  };
  return {
    checked: drawn.length,
    differing: [...new Set(drawn.filter(isOther).map((query) => rows[query]!))],
  };
}

export interface CachingAudit {
  /** median(mixed) / median(repeated); 1.2 is a fifth faster when repeated. */
  gain: number;
  isCached: boolean;
}

/** Latencies of one row asked again and again, and of the same row asked among others; milliseconds. */
export function auditCaching(input: { repeatedMs: ArrayLike<number>; mixedMs: ArrayLike<number> }): CachingAudit {
  requireSamples('repeatedMs', input.repeatedMs);
  requireSamples('mixedMs', input.mixedMs);
  const gain = median(input.mixedMs) / median(input.repeatedMs);
  return { gain, isCached: gain > 1 + TOLERABLE_GAIN };
}

/** Why a load test does not count after its audits; empty when it does. */
export function auditFaults({ accuracy, caching }: { accuracy: AccuracyAudit; caching?: CachingAudit }): string[] {
  const { checked, differing } = accuracy;
  return [
    ...(differing.length > 0
      ? [`${differing.length} rows of ${checked} answers checked were answered otherwise than without load`]
      : []),
    ...(caching?.isCached
      ? [`a repeated row is answered ${(100 * (caching.gain - 1)).toFixed(0)} % faster: something caches answers`]
      : []),
  ];
}

const median = (values: ArrayLike<number>) => orderStatistic(Float64Array.from(values).sort(), 0.5);
