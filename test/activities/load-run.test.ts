import { describe, expect, it } from 'vitest';
import { poissonSchedule } from '../../src/domain/load/arrivals.ts';
import { responseTimes } from '../../src/domain/load/queue.ts';
import { judgeLoad, latenciesOf } from '../../src/domain/load/verdict.ts';
import { runLoad } from '../../src/inference/load/run.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const ROWS = 6;
const model = {
  kind: 'model' as const,
  modelPath: `${FIXTURES}classifier.onnx`,
  dataPath: `${FIXTURES}rows.arrow`,
  options: { threads: 1 },
};
const rowsOf = (queries: number) => Int32Array.from({ length: queries }, (_, i) => i % ROWS);

describe('a load', () => {
  it('arrives as scheduled and is answered in full by a model', async () => {
    const scheduledMs = poissonSchedule({ ratePerSecond: 500, queries: 1_000, seed: 3 });
    const { log, answers, harness, cpuMsPerQuery, peakBytes } = await runLoad({
      target: model,
      scenario: 'server',
      rows: rowsOf(1_000),
      scheduledMs,
    });
    expect(log.scheduledMs).toEqual(scheduledMs);
    expect(log.issuedMs.every((issued, i) => issued >= scheduledMs[i]!)).toBe(true);
    expect(harness.latenessP99Ms).toBeGreaterThanOrEqual(harness.latenessP50Ms);
    expect(harness.clockRatio).toBeCloseTo(1, 1);
    for (let i = 0; i < ROWS; i++) expect(answers[i]).toBe(answers[i + ROWS]);
    expect(Math.min(...answers)).toBeGreaterThanOrEqual(0);
    expect(cpuMsPerQuery).toBeGreaterThan(0);
    expect(peakBytes).toBeGreaterThan(2e7);
  });

  it('keeps one query under way in a stream, eight in many, and all at once offline', async () => {
    const rows = rowsOf(80);
    const single = await runLoad({ target: model, scenario: 'single-stream', rows });
    for (let i = 1; i < 80; i++)
      expect(single.log.scheduledMs[i]).toBeGreaterThanOrEqual(single.log.completedMs[i - 1]!);
    const multi = await runLoad({ target: model, scenario: 'multi-stream', rows });
    expect(multi.log.scheduledMs).toHaveLength(10);
    const offline = await runLoad({ target: model, scenario: 'offline', rows, replicas: 2 });
    expect(Math.max(...Array.from(offline.log.issuedMs))).toBe(offline.log.issuedMs[0]);
    const rules = { scenario: 'offline' as const, percentile: 0.9, minimumDurationMs: 0, minimumQueries: 1 };
    expect(judgeLoad(rules, offline.log).queriesPerSecond).toBeGreaterThan(0);
  });

  it('is served one after the other, and waiting counts', async () => {
    const queries = 600;
    const scheduledMs = poissonSchedule({ ratePerSecond: 300, queries, seed: 9 });
    const serviceMs = new Float64Array(queries).fill(2);
    const target = { kind: 'simulated' as const, serviceMs };
    const { log } = await runLoad({ target, scenario: 'server', rows: rowsOf(queries), scheduledMs });
    const expected = responseTimes(scheduledMs, serviceMs);
    const sooner = latenciesOf(log).filter((latency, i) => latency < expected[i]! - 0.001);
    expect(sooner).toHaveLength(0); // a busy host makes it later, never sooner
  });

  it('ends with the reason when it is aborted, and says how far it is', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const run = runLoad({
      target: { kind: 'simulated', serviceMs: new Float64Array(100).fill(100) },
      scenario: 'single-stream',
      rows: rowsOf(100),
      signal: abort.signal,
      onProgress: ({ done }) => {
        seen.push(done);
        if (done > 3) abort.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen.at(-1)).toBeGreaterThan(3);
  });

  it.each([
    [{ target: { ...model, modelPath: `${FIXTURES}none.onnx` } }, 'none.onnx'],
    [{ target: { ...model, dataPath: `${FIXTURES}rows-without-mask.arrow` } }, 'has no column'],
    [{ rows: new Int32Array(0) }, 'rows is empty'],
    [{ scheduledMs: new Float64Array(3) }, 'scheduledMs has 3 queries'],
    [{ scenario: 'single-stream' as const, replicas: 2 }, 'replicas must be 1'],
  ])('refuses %j', async (more, message) => {
    const input = { target: model, scenario: 'server' as const, rows: rowsOf(10), ...more };
    await expect(runLoad(input)).rejects.toThrow(message);
  });
});
