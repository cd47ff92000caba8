import { quantileHalfWidth } from './statistics/quantile-sequence.ts';
import type { Quantile, Tail, TimeQuantile } from './traffic.ts';

/** Bins that grow by 5 % from 0.05 ms up to some minutes. */
const [FIRST_MS, GROWTH, BINS] = [0.05, 1.05, 320];
const TAIL_SHARE = 0.05;
const ALPHA = 0.05;
/** With fewer answers the tail is a guess. */
const LEAST_ANSWERS = 100;

export function countTime(times: number[], ms: number): void {
  const bin = Math.ceil(Math.log(Math.max(ms, FIRST_MS) / FIRST_MS) / Math.log(GROWTH));
  const at = Math.min(bin, BINS - 1);
  while (times.length <= at) times.push(0);
  times[at]! += 1;
}

/**
 * The time that about 5 % of the answers exceed, at the edge of a bin, times `slowdown`, and how many exceed that exactly;
 * undefined for too few.
 */
export function tailOf(times: number[], slowdown = 1): Tail | undefined {
  const answers = times.reduce((sum, count) => sum + count, 0);
  if (answers < LEAST_ANSWERS) return undefined;
  let [above, bin] = [0, times.length];
  while (bin > 1 && above + times[bin - 1]! <= TAIL_SHARE * answers) above += times[--bin]!;
  for (const end = bin + Math.ceil(Math.log(slowdown) / Math.log(GROWTH)); bin < end; bin += 1)
    above -= times[bin] ?? 0;
  return { ms: FIRST_MS * GROWTH ** (bin - 1), rate: Math.max(above / answers, 0.5 / answers) };
}

/** Quantiles of the times, each between bounds that hold at all times together, but for 5 %; undefined without times. */
export function quantilesOf(times: number[]): TimeQuantile | undefined {
  const n = times.reduce((sum, count) => sum + count, 0);
  if (n === 0) return undefined;
  const at = (p: number) => quantileAt(times, n, p);
  return { n, ...at(1 - TAIL_SHARE), p50: at(0.5), p99: at(0.99) };
}

function quantileAt(times: number[], n: number, p: number): Quantile {
  const width = quantileHalfWidth({ t: n, p, alpha: ALPHA });
  return {
    ms: edgeAt(times, n, p),
    lowMs: p > width ? edgeAt(times, n, p - width) / GROWTH : 0,
    highMs: p + width < 1 ? edgeAt(times, n, p + width) : null,
  };
}

/** The upper edge of the bin that holds the quantile. */
function edgeAt(times: number[], n: number, share: number): number {
  let [bin, below] = [0, times[0] ?? 0];
  while (below < share * n && bin < times.length - 1) below += times[++bin]!;
  return FIRST_MS * GROWTH ** bin;
}
