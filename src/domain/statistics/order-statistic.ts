/** The percentile as MLPerf LoadGen takes it: the sorted sample at floor(n share), counted from 0; at least 1 sample. */
export function orderStatistic(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
