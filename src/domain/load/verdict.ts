import { requireSamples } from '../statistics/arguments.ts';
import { queriesNeeded, streamEstimateRank } from '../statistics/early-stopping.ts';
import { orderStatistic } from '../statistics/order-statistic.ts';

/** MLPerf LoadGen's scenarios: how queries arrive. */
export type LoadScenario = 'single-stream' | 'multi-stream' | 'server' | 'offline';

export interface LoadRules {
  scenario: LoadScenario;
  /** As a share: 0.9, 0.99. */
  percentile: number;
  /** Largest latency at the percentile; of the server scenario only. */
  limitMs?: number;
  minimumDurationMs: number;
  minimumQueries: number;
}

/** One run, in the order of the schedule; milliseconds since the run began, equal lengths. */
export interface LoadLog {
  scheduledMs: ArrayLike<number>;
  issuedMs: ArrayLike<number>;
  completedMs: ArrayLike<number>;
}

export interface LoadVerdict {
  valid: boolean;
  /** Why it is not valid, each with what to do; empty when it is. */
  faults: string[];
  queries: number;
  /** The sample at floor(n p) of the sorted latencies, counted from the scheduled time. */
  percentileMs: number;
  /** Bound of the percentile at 99 % confidence, of the stream scenarios only; null when queries are too few. */
  estimateMs: number | null;
  /** Queries above the limit, of the server scenario only. */
  over: number | null;
  /** Server: scheduled; else completed. */
  queriesPerSecond: number;
}

/** Judges a run as MLPerf LoadGen 6.0 does (results.cc). Throws a RangeError for logs that do not fit together. */
export function judgeLoad(rules: LoadRules, log: LoadLog): LoadVerdict {
  const { scenario, percentile, limitMs } = rules;
  if (scenario === 'server' && !(limitMs! > 0))
    throw new RangeError(`limitMs must be above 0 in the server scenario, not ${limitMs}`);
  for (const field of ['issuedMs', 'completedMs'] as const)
    if (log[field].length !== log.scheduledMs.length)
      throw new RangeError(`${field} has ${log[field].length} queries and scheduledMs ${log.scheduledMs.length}`);
  requireSamples('scheduledMs', log.scheduledMs);

  const latencies = latenciesOf(log);
  const queries = latencies.length;
  const sorted = latencies.slice().sort();
  const percentileMs = orderStatistic(sorted, percentile);
  const over = scenario === 'server' ? latencies.filter((latency) => latency > limitMs!).length : null;
  const isStream = scenario === 'single-stream' || scenario === 'multi-stream';
  const rank = isStream ? streamEstimateRank({ percentile, queries }) : null;
  const needed = neededQueries(rules, over);
  const durationMs = durationOf(scenario, log, sorted);

  const faults: string[] = [];
  if (durationMs < rules.minimumDurationMs)
    faults.push(`lasted ${seconds(durationMs)}, not ${seconds(rules.minimumDurationMs)}: issue more queries`);
  if (queries < rules.minimumQueries)
    faults.push(`${queries} queries, not ${rules.minimumQueries}: issue ${rules.minimumQueries - queries} more`);
  if (over !== null && percentileMs > limitMs!)
    faults.push(`p${percentile * 100} is ${percentileMs.toFixed(2)} ms, above ${limitMs} ms: lower the rate`);
  if (queries < needed)
    faults.push(`early stopping needs ${needed} queries and has ${queries}: issue ${needed - queries} more`);
  return {
    valid: faults.length === 0,
    faults,
    queries,
    percentileMs,
    estimateMs: rank === null ? null : sorted[queries - rank]!,
    over,
    queriesPerSecond: rateOf(scenario, log, sorted),
  };
}

/** From the scheduled time, so that a late start counts. */
export function latenciesOf({ scheduledMs, completedMs }: Pick<LoadLog, 'scheduledMs' | 'completedMs'>): Float64Array {
  return Float64Array.from(completedMs, (completed, i) => completed - scheduledMs[i]!);
}

function neededQueries({ scenario, percentile }: LoadRules, over: number | null): number {
  if (over !== null) return queriesNeeded({ percentile, over });
  return scenario === 'offline' ? 1 : queriesNeeded({ percentile, over: 1 });
}

function durationOf(scenario: LoadScenario, log: LoadLog, sorted: Float64Array): number {
  if (scenario === 'offline') return sorted.at(-1)!;
  const last = log.scheduledMs.length - 1;
  return scenario === 'server' ? log.scheduledMs[last]! : log.issuedMs[last]!;
}

function rateOf(scenario: LoadScenario, log: LoadLog, sorted: Float64Array): number {
  const queries = sorted.length;
  if (scenario === 'offline') return (queries * 1_000) / sorted.at(-1)!;
  const endMs = scenario === 'server' ? log.scheduledMs[queries - 1]! : maximum(log.completedMs);
  return ((queries - 1) * 1_000) / endMs;
}

function maximum(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  return largest;
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
