import { expect, it } from 'vitest';
import type { Probe } from '../../src/domain/load/rate-search.ts';
import { type LargestRateInput, largestRate } from '../../src/inference/load/largest-rate.ts';

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
  resolution: 1.5,
  maximumProbes: 4,
  firstQueries: 200,
  maximumQueries: 400,
  seed: 1,
};

it('probes a model, tells every probe, and goes on after the last one when it was cut off', async () => {
  const checkpoints: (readonly Probe[])[] = [];
  const abort = new AbortController();
  const cut = largestRate({
    ...SEARCH,
    signal: abort.signal,
    onProbe: (probes) => {
      checkpoints.push(probes);
      if (probes.length === 2) abort.abort(new Error('the worker was killed'));
    },
  });
  await expect(cut).rejects.toThrow('the worker was killed');
  const saved = checkpoints.at(-1)!;
  expect(saved).toHaveLength(2);

  const { probes, cpuMsPerQuery, peakBytes } = await largestRate({ ...SEARCH, probes: saved });
  expect(probes.slice(0, 2)).toEqual(saved);
  expect(probes.length).toBeGreaterThan(2);
  expect(probes.length).toBeLessThanOrEqual(4);
  expect(cpuMsPerQuery).toBeGreaterThan(0);
  expect(peakBytes).toBeGreaterThan(2e7);
});

it('measures several replicas of one machine', async () => {
  const { probes } = await largestRate({ ...SEARCH, replicas: 2, maximumProbes: 1 });
  expect(probes).toHaveLength(1);
});
