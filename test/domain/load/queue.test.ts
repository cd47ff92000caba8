import { describe, expect, it } from 'vitest';
import { poissonSchedule } from '../../../src/domain/load/arrivals.ts';
import { responseTimes } from '../../../src/domain/load/queue.ts';
import { judgeLoad } from '../../../src/domain/load/verdict.ts';
import { effectiveSample } from '../../../src/domain/statistics/effective-sample.ts';
import { exponentialGoodnessOfFit } from '../../../src/domain/statistics/kolmogorov-smirnov.ts';
import golden from '../../golden/golden.json' with { type: 'json' };

const QUERIES = 1_000_000;

function simulate({ queue, utilisation }: { queue: string; utilisation: number }, queries = QUERIES, seed = 1) {
  const scheduledMs = poissonSchedule({ ratePerSecond: utilisation * 1_000, queries, seed });
  const exponential = poissonSchedule({ ratePerSecond: 1_000, queries, seed: seed + 1 });
  const services = exponential.map((at, i) => (queue === 'M/D/1' ? 1 : at - (exponential[i - 1] ?? 0)));
  return { scheduledMs, latenciesMs: responseTimes(scheduledMs, services) };
}

const runOf = ({ scheduledMs, latenciesMs }: ReturnType<typeof simulate>) => ({
  scheduledMs,
  issuedMs: scheduledMs,
  completedMs: scheduledMs.map((at, i) => at + latenciesMs[i]!),
});
const rules = (percentile: number) => ({
  scenario: 'server' as const,
  percentile,
  limitMs: 1e9,
  minimumDurationMs: 0,
  minimumQueries: 1,
});

describe('a server with a known answer', () => {
  it.each(golden.queue_response_times.rows.filter(({ utilisation }) => utilisation < 0.9))(
    '$queue at $utilisation: throughput within 1 %, p50 3 %, p99 5 %',
    (row) => {
      const log = runOf(simulate(row));
      const { queriesPerSecond } = judgeLoad(rules(0.5), log);
      expect(Math.abs(queriesPerSecond / (row.utilisation * 1_000) - 1)).toBeLessThan(0.01);
      expect(Math.abs(judgeLoad(rules(0.5), log).percentileMs / row.p50 - 1)).toBeLessThan(0.03);
      expect(Math.abs(judgeLoad(rules(0.99), log).percentileMs / row.p99 - 1)).toBeLessThan(0.05);
    }
  );
});

describe('dependent latencies', () => {
  it('are worth fewer queries the fuller the server is', () => {
    const worth = [0.5, 0.8, 0.9].map((utilisation) => {
      const { latenciesMs } = simulate({ queue: 'M/D/1', utilisation }, 60_000);
      const limitMs = latenciesMs.slice().sort()[Math.floor(60_000 * 0.99)]!;
      return effectiveSample({ latenciesMs, limitMs }).effectiveQueries;
    });
    expect(worth[0]).toBeGreaterThan(2 * worth[1]!);
    expect(worth[1]).toBeGreaterThan(worth[2]!);
  });

  it('are worth about all of themselves when they are independent', () => {
    const latenciesMs = poissonSchedule({ ratePerSecond: 1_000, queries: 20_000, seed: 5 });
    const gaps = latenciesMs.map((at, i) => at - (latenciesMs[i - 1] ?? 0));
    const { over, correlation } = effectiveSample({ latenciesMs: gaps, limitMs: Math.log(100) });
    expect(over / 20_000).toBeCloseTo(0.01, 2);
    expect(correlation).toBeLessThan(2);
  });
});

describe('the test of exponential gaps', () => {
  const gapsAt = (seed: number) => {
    const at = poissonSchedule({ ratePerSecond: 50, queries: 500, seed });
    return at.map((ms, i) => ms - (at[i - 1] ?? 0));
  };

  it('refuses true schedules about as often as it says', () => {
    const refused = Array.from({ length: 400 }, (_, seed) =>
      exponentialGoodnessOfFit({ gaps: gapsAt(seed), rate: 0.05 })
    ).filter((p) => p < 0.1).length;
    expect(refused).toBeGreaterThan(20);
    expect(refused).toBeLessThan(62);
  });

  it('finds even spacing and a wrong rate', () => {
    expect(exponentialGoodnessOfFit({ gaps: new Float64Array(500).fill(20), rate: 0.05 })).toBeLessThan(1e-6);
    expect(exponentialGoodnessOfFit({ gaps: gapsAt(1), rate: 0.07 })).toBeLessThan(0.01);
  });
});
