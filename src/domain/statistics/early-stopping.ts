import { requireCount, requireFraction } from './arguments.ts';
import { binomialCdf } from './binomial.ts';

/** MLPerf LoadGen's confidence; its tolerance is 0. */
const CONFIDENCE = 0.99;

/**
 * Queries that a run needs so that `over` of them may lie above the limit and the percentile still holds with 99 %
 * confidence, the latencies taken as independent. `percentile` as a share, such as 0.99.
 * Source: MLPerf LoadGen 6.0, early_stopping.cc.
 */
export function queriesNeeded({ percentile, over }: { percentile: number; over: number }): number {
  requireFraction('percentile', percentile);
  requireCount('over', over);
  const isEnough = (queries: number) =>
    binomialCdf({ trials: queries, share: 1 - percentile, successes: over }) < 1 - CONFIDENCE;
  let enough = over + 1;
  while (!isEnough(enough)) enough *= 2;
  let tooFew = over;
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/**
 * Rank of the latency that bounds the percentile with 99 % confidence: the rank-th highest of `queries`, counted from
 * 1; null when there are too few queries to say. Source: MLPerf LoadGen 6.0, results.cc (stream scenarios).
 */
export function streamEstimateRank({ percentile, queries }: { percentile: number; queries: number }): number | null {
  requireCount('queries', queries);
  const fits = (over: number) => queriesNeeded({ percentile, over }) <= queries;
  if (!fits(1)) return null;
  let rank = 1;
  let tooMany = 2;
  while (fits(tooMany)) [rank, tooMany] = [tooMany, tooMany * 2];
  while (tooMany - rank > 1) {
    const middle = Math.floor((rank + tooMany) / 2);
    if (fits(middle)) rank = middle;
    else tooMany = middle;
  }
  return rank;
}
