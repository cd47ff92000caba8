import { expect, it } from 'vitest';
import { type LargestRateInput, largestRate, type RateCheckpoint } from '../../src/inference/load/largest-rate.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const SEARCH: LargestRateInput = {
  target: {
    kind: 'model',
    modelPath: `${FIXTURES}classifier-slow.onnx`,
    dataPath: `${FIXTURES}rows.arrow`,
    options: { threads: 1 },
  },
  rows: 40,
  level: { percentile: 0.9, limitMs: 20 },
  startPerSecond: 100,
  resolution: 1.05, // never reached in four probes, whatever the host does to one
  maximumProbes: 4,
  firstQueries: 200,
  maximumQueries: 400,
  seed: 1,
};

it('probes a model, tells every probe, and goes on after the last one when it was cut off', async () => {
  const checkpoints: RateCheckpoint[] = [];
  const abort = new AbortController();
  const cut = largestRate({
    ...SEARCH,
    signal: abort.signal,
    onProbe: (checkpoint) => {
      checkpoints.push(checkpoint);
      if (checkpoint.probes.length === 2) abort.abort(new Error('the worker was killed'));
    },
  });
  await expect(cut).rejects.toThrow('the worker was killed');
  const saved = checkpoints.at(-1)!;
  expect(saved.probes).toHaveLength(2);

  const { probes, queries, cpuMs, peakBytes } = await largestRate({ ...SEARCH, resume: saved });
  expect(probes.slice(0, 2)).toEqual(saved.probes);
  expect(queries).toBeGreaterThan(saved.usage.queries);
  expect(probes.length).toBeGreaterThan(2);
  expect(probes.length).toBeLessThanOrEqual(4);
  expect(cpuMs).toBeGreaterThan(saved.usage.cpuMs);
  expect(peakBytes).toBeGreaterThan(2e7);
});

it('holds the answers under load against those without', async () => {
  const once = { ...SEARCH, maximumProbes: 1, maximumQueries: SEARCH.firstQueries }; // one run, however it ends
  const { accuracy } = await largestRate({ ...once, expected: new Int32Array(SEARCH.rows).fill(-7) });
  expect(accuracy.checked).toBe(100);
  expect(accuracy.differing.length).toBeGreaterThan(20);
});

it('measures several replicas of one machine', async () => {
  const { probes } = await largestRate({ ...SEARCH, replicas: 2, maximumProbes: 1 });
  expect(probes).toHaveLength(1);
});
