import { poissonSchedule } from '../../src/domain/load/arrivals.ts';
import { responseTimes } from '../../src/domain/load/queue.ts';
import { judgeLoad, latenciesOf } from '../../src/domain/load/verdict.ts';
import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import { runLoad } from '../../src/inference/load/run.ts';
import golden from '../../test/golden/golden.json' with { type: 'json' };
import type { Figure } from '../figure.ts';
import { median } from './bare.ts';
import { simulatedLimit, simulatedSearch } from './simulated-search.ts';

const SERVICE_MS = 5;

type Queue = (typeof golden.queue_response_times.rows)[number];

/** Exponential or fixed service times of a mean in milliseconds. */
function servicesOf(queue: string, queries: number, seed: number): Float64Array {
  if (queue === 'M/D/1') return new Float64Array(queries).fill(SERVICE_MS);
  const at = poissonSchedule({ ratePerSecond: 1_000 / SERVICE_MS, queries, seed });
  return at.map((ms, i) => ms - (at[i - 1] ?? 0));
}

const errorOf = (measured: number, truth: number) => 100 * Math.abs(measured / truth - 1);

/** The judge against queueing theory, in simulated time. */
export async function theoryFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const queries = quick ? 500_000 : 4_000_000;
  const worst = { throughput: 0, p50: 0, p99: 0 };
  for (const row of golden.queue_response_times.rows.filter(({ utilisation }) => utilisation < 0.9)) {
    const scheduledMs = poissonSchedule({ ratePerSecond: (row.utilisation * 1_000) / SERVICE_MS, queries, seed: 3 });
    const waits = responseTimes(scheduledMs, servicesOf(row.queue, queries, 4));
    const completedMs = scheduledMs.map((at, i) => at + waits[i]!);
    const rules = { scenario: 'server' as const, limitMs: 1e9, minimumDurationMs: 0, minimumQueries: 1 };
    const judged = (p: number) =>
      judgeLoad({ ...rules, percentile: p }, { scheduledMs, issuedMs: scheduledMs, completedMs });
    const rate = judged(0.5).queriesPerSecond;
    worst.throughput = Math.max(worst.throughput, errorOf(rate, (row.utilisation * 1_000) / SERVICE_MS));
    worst.p50 = Math.max(worst.p50, errorOf(judged(0.5).percentileMs, row.p50 * SERVICE_MS));
    worst.p99 = Math.max(worst.p99, errorOf(judged(0.99).percentileMs, row.p99 * SERVICE_MS));
  }
  return truthFigures('M/M/1 and M/D/1 at 0.5 to 0.8, simulated time', worst);
}

/**
 * The whole harness, in real time, against the exact waiting times of the very same arrivals and services; the median
 * of several plays, because a neighbour that stops one for a moment delays all that queue behind it.
 */
export async function realTimeFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const worst = { throughput: 0, p50: 0, p99: 0 };
  for (const row of golden.queue_response_times.rows.filter(({ utilisation }) => utilisation === 0.7)) {
    const plays: Awaited<ReturnType<typeof playQueue>>[] = [];
    for (let seed = 1; seed <= (quick ? 3 : 9); seed++) plays.push(await playQueue(row, 1_500, seed));
    const error = (figure: 'rate' | 'p50' | 'p99') =>
      median(plays.map(({ measured, truth }) => errorOf(measured[figure], truth[figure])));
    worst.throughput = Math.max(worst.throughput, error('rate'));
    worst.p50 = Math.max(worst.p50, error('p50'));
    worst.p99 = Math.max(worst.p99, error('p99'));
  }
  return truthFigures('M/M/1 and M/D/1 at 0.7, real time', worst);
}

async function playQueue({ queue, utilisation }: Queue, queries: number, seed: number) {
  const scheduledMs = poissonSchedule({ ratePerSecond: (utilisation * 1_000) / SERVICE_MS, queries, seed: 2 * seed });
  const serviceMs = servicesOf(queue, queries, 2 * seed + 1);
  const rows = new Int32Array(queries);
  const { log } = await runLoad({ target: { kind: 'simulated', serviceMs }, scenario: 'server', rows, scheduledMs });
  const figures = (latencies: Float64Array) => {
    const last = scheduledMs[queries - 1]! + latencies[queries - 1]!;
    const sorted = latencies.slice().sort();
    return { rate: queries / last, p50: orderStatistic(sorted, 0.5), p99: orderStatistic(sorted, 0.99) };
  };
  return { measured: figures(latenciesOf(log)), truth: figures(responseTimes(scheduledMs, serviceMs)) };
}

function truthFigures(where: string, worst: { throughput: number; p50: number; p99: number }): Figure[] {
  return [
    { name: `${where}: throughput off by`, value: worst.throughput, unit: '%', goal: 1, peer: null },
    { name: `${where}: p50 off by`, value: worst.p50, unit: '%', goal: 3, peer: null },
    { name: `${where}: p99 off by`, value: worst.p99, unit: '%', goal: 5, peer: null },
  ];
}

/** Largest rate at the service level, of a simulated server whose answer is known. */
export async function searchFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const truth = simulatedLimit(0.8);
  const searches = quick ? 100 : 200;
  const found = new Float64Array(searches);
  for (let i = 0; i < searches; i++) found[i] = (await simulatedSearch(truth.limitMs, i + 1)) / truth.ratePerSecond;
  found.sort();
  const overstated = found.filter((ratio) => ratio > 1.02).length / searches;
  const where = `largest rate at 0.8 utilisation, ${searches} searches`;
  return [
    { name: `${where}: median off by`, value: errorOf(orderStatistic(found, 0.5), 1), unit: '%', goal: 3, peer: null },
    { name: `${where}: overstated by over 2 %`, value: 100 * overstated, unit: '%', goal: 5, peer: null },
  ];
}
