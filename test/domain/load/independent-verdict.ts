import { poissonSchedule } from '../../../src/domain/load/arrivals.ts';
import { judgeLoad, type LoadLog, type LoadRules, type LoadScenario } from '../../../src/domain/load/verdict.ts';
import { seededRandom } from '../../../src/domain/statistics/random.ts';

/** LoadGen's rules once more, by their definitions: exact binomial tails as sums of logarithms, searches by counting. */
export const SCENARIOS: LoadScenario[] = ['single-stream', 'multi-stream', 'server', 'offline'];

/** P[Binomial(n, 1 - percentile) <= over]. */
function tail(n: number, percentile: number, over: number): number {
  let sum = 0;
  let logChoose = 0;
  for (let k = 0; k <= over; k++) {
    sum += Math.exp(logChoose + k * Math.log(1 - percentile) + (n - k) * Math.log(percentile));
    logChoose += Math.log(n - k) - Math.log(k + 1);
  }
  return sum;
}

function byDefinition({ scenario, percentile, limitMs, ...least }: LoadRules, log: LoadLog) {
  const n = log.completedMs.length;
  const latencies = Array.from(log.completedMs, (done, i) => done - log.scheduledMs[i]!);
  const ascending = latencies.toSorted((a, b) => a - b);
  const percentileMs = ascending[Math.floor(n * percentile)]!;
  const isLong = (ms: number) => ms >= least.minimumDurationMs && n >= least.minimumQueries;
  if (scenario === 'offline') {
    const slowest = ascending.at(-1)!;
    return { valid: isLong(slowest), percentileMs, estimateMs: null, queriesPerSecond: n / (slowest / 1_000) };
  }
  if (scenario === 'server') {
    const over = latencies.filter((latency) => latency > limitMs!).length;
    const lastMs = log.scheduledMs[n - 1]!;
    const valid = tail(n, percentile, over) < 0.01 && percentileMs <= limitMs! && isLong(lastMs);
    return { valid, percentileMs, estimateMs: null, queriesPerSecond: (n - 1) / (lastMs / 1_000) };
  }
  let rank = 0;
  while (tail(n, percentile, rank + 1) < 0.01) rank += 1;
  const endMs = Math.max(...Array.from(log.completedMs));
  return {
    valid: rank > 0 && isLong(log.issuedMs[n - 1]!),
    percentileMs,
    estimateMs: rank === 0 ? null : ascending[n - rank]!,
    queriesPerSecond: (n - 1) / (endMs / 1_000),
  };
}

/** A run near the edge of validity: mostly quick answers, and now and then a slow one. */
function vector(scenario: LoadScenario, seed: number): { rules: LoadRules; log: LoadLog } {
  const random = seededRandom(1_000 * SCENARIOS.indexOf(scenario) + seed);
  const queries = 60 + random.below(2_400);
  const slowShare = 0.002 + 0.012 * random.next();
  const spentMs = () => (random.next() < slowShare ? 20 : 5) + random.next();
  const rules = {
    scenario,
    percentile: [0.9, 0.95, 0.99][random.below(3)]!,
    limitMs: scenario === 'server' ? 10 : undefined,
    minimumDurationMs: 4_000 * random.next(),
    minimumQueries: 1 + random.below(1_000),
  };
  if (scenario === 'server') {
    const scheduledMs = poissonSchedule({ ratePerSecond: 400, queries, seed });
    return { rules, log: { scheduledMs, issuedMs: scheduledMs, completedMs: scheduledMs.map((at) => at + spentMs()) } };
  }
  let now = 0;
  const completedMs = Float64Array.from({ length: queries }, () => {
    now += spentMs();
    return now;
  });
  const scheduledMs =
    scenario === 'offline' ? new Float64Array(queries) : completedMs.map((_, i) => completedMs[i - 1] ?? 0);
  return { rules, log: { scheduledMs, issuedMs: scheduledMs, completedMs } };
}

/** Vectors of a scenario whose verdict or figures differ, and how many were valid. */
export function compareVerdicts(scenario: LoadScenario, vectors: number): { differing: number[]; valid: number } {
  const differing: number[] = [];
  let valid = 0;
  for (let seed = 0; seed < vectors; seed++) {
    const { rules, log } = vector(scenario, seed);
    const judged = judgeLoad(rules, log);
    const defined = byDefinition(rules, log);
    const isSameRate = Math.abs(judged.queriesPerSecond / defined.queriesPerSecond - 1) < 1e-12;
    const same = (['valid', 'percentileMs', 'estimateMs'] as const).every((key) => judged[key] === defined[key]);
    if (!same || !isSameRate) differing.push(seed);
    valid += judged.valid ? 1 : 0;
  }
  return { differing, valid };
}
