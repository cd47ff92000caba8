import { describe, expect, it } from 'vitest';
import { judgeLoad, type LoadRules, type LoadScenario } from '../../../src/domain/load/verdict.ts';
import { compareVerdicts, SCENARIOS } from './independent-verdict.ts';

const rules = (scenario: LoadScenario, more: Partial<LoadRules> = {}): LoadRules => ({
  scenario,
  percentile: scenario === 'single-stream' ? 0.9 : 0.99,
  limitMs: scenario === 'server' ? 10 : undefined,
  minimumDurationMs: 1_000,
  minimumQueries: 100,
  ...more,
});

/** Even arrivals over about two seconds, whole milliseconds apart. */
function log(latenciesMs: number[]) {
  const gapMs = Math.ceil(2_000 / latenciesMs.length);
  const scheduledMs = latenciesMs.map((_, i) => i * gapMs);
  return { scheduledMs, issuedMs: scheduledMs, completedMs: scheduledMs.map((at, i) => at + latenciesMs[i]!) };
}

const server = (over: number, queries = 1_000) => log(Array.from({ length: queries }, (_, i) => (i < over ? 20 : 5)));

describe('a run in the server scenario', () => {
  it('is valid with as many over the limit as early stopping allows', () => {
    expect(judgeLoad(rules('server'), server(2))).toMatchObject({ valid: true, over: 2, percentileMs: 5 });
  });

  it('says how many queries more it needs', () => {
    expect(judgeLoad(rules('server'), server(3))).toMatchObject({
      valid: false,
      faults: ['early stopping needs 1001 queries and has 1000: issue 1 more'],
    });
  });

  it('names the latency, the duration and the number of queries', () => {
    const { faults } = judgeLoad(rules('server', { minimumDurationMs: 5_000, minimumQueries: 2_000 }), server(30));
    expect(faults).toEqual([
      'lasted 2.0 s, not 5.0 s: issue more queries',
      '1000 queries, not 2000: issue 1000 more',
      'p99 is 20.00 ms, above 10 ms: lower the rate',
      expect.stringContaining('early stopping needs'),
    ]);
  });

  it('counts scheduled queries a second', () => {
    expect(judgeLoad(rules('server'), server(0)).queriesPerSecond).toBeCloseTo(500, 9);
  });
});

describe('the other scenarios', () => {
  it('bound the percentile of a stream', () => {
    const verdict = judgeLoad(rules('single-stream'), log(Array.from({ length: 100 }, (_, i) => i)));
    expect(verdict).toMatchObject({ valid: true, percentileMs: 90, estimateMs: 97, over: null });
  });

  it('ask a stream for the queries that a bound needs', () => {
    const verdict = judgeLoad(rules('multi-stream'), log(new Array(661).fill(3)));
    expect(verdict).toMatchObject({ valid: false, estimateMs: null });
    expect(verdict.faults).toEqual(['early stopping needs 662 queries and has 661: issue 1 more']);
  });

  it('count the samples of the offline scenario against the slowest', () => {
    const completedMs = Array.from({ length: 200 }, (_, i) => (i + 1) * 10);
    const zero = new Array(200).fill(0);
    const verdict = judgeLoad(rules('offline'), { scheduledMs: zero, issuedMs: zero, completedMs });
    expect(verdict).toMatchObject({ valid: true, queriesPerSecond: 100 });
  });
});

it.each(SCENARIOS)('agrees with an independent implementation on 200 vectors near the edge: %s', (scenario) => {
  const { differing, valid } = compareVerdicts(scenario, 200);
  expect(differing).toEqual([]);
  expect(valid).toBeGreaterThan(20);
  expect(valid).toBeLessThan(180);
});

it.each([
  [{ limitMs: undefined }, server(0), 'limitMs must be above 0'],
  [{}, { ...server(0), completedMs: [1] }, 'completedMs has 1 queries'],
  [{}, { scheduledMs: [], issuedMs: [], completedMs: [] }, 'scheduledMs needs at least 1'],
])('refuses %j', (more, bad, message) => expect(() => judgeLoad(rules('server', more), bad)).toThrow(message));
