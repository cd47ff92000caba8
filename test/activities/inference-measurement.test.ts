import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { summarizeLatency } from '../../src/domain/latency.ts';
import { hostFingerprint, instructionSets } from '../../src/inference/fingerprint.ts';
import { compareLatency, measureLatency } from '../../src/inference/latency.ts';
import { measureMemory } from '../../src/inference/memory.ts';
import { compareThroughput, measureThroughput } from '../../src/inference/throughput.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const FAST = `${FIXTURES}classifier.onnx`;
const SLOW = `${FIXTURES}classifier-slow.onnx`;
const JOB = { dataPath: `${FIXTURES}rows.arrow`, options: { threads: 1 }, seed: 3 };
const LATENCY = { ...JOB, baselinePath: SLOW, rounds: 30, blocks: 6, warmup: 2 };
const THROUGHPUT = { ...JOB, maxRequests: 60, maxMs: 20_000, warmup: 5 };

/** Inference children of this process that still run. */
function children(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return state !== 'Z' && Number(parent) === process.pid && command.includes('host-child');
      } catch {
        return false; // it ended while we looked
      }
    });
}

describe('the latency comparison', () => {
  it('measures every arm in every round, and finds the faster one', async () => {
    const progress: number[] = [];
    const rounds = await compareLatency({
      ...LATENCY,
      candidatePath: FAST,
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(Object.keys(rounds)).toEqual(['baseline', 'twin', 'candidate', 'blocks']);
    for (const arm of ['baseline', 'twin', 'candidate'] as const) expect(rounds[arm]).toHaveLength(30);
    expect(progress).toHaveLength(42);
    expect(progress.at(-1)).toBe(1);
    const { speedup, speedupInterval, noiseInterval } = summarizeLatency(rounds);
    expect(speedup).toBeGreaterThan(3);
    expect(speedupInterval[0]).toBeGreaterThan(noiseInterval[1]);
    expect(children()).toEqual([]);
  });

  it('measures the baseline and its twin alone', async () => {
    const { baseline, twin, blocks } = await measureLatency({ ...LATENCY, rounds: 6, blocks: 2 });
    expect([baseline.length, twin.length, blocks]).toEqual([6, 6, 2]);
  });

  it('ends every child and rejects with the reason when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const onProgress = vi.fn(({ done }: { done: number }) => {
      if (done !== 4) return;
      expect(children()).toHaveLength(3);
      abort.abort(reason);
    });
    const aborted = compareLatency({ ...LATENCY, candidatePath: FAST, signal: abort.signal, onProgress });
    await expect(aborted).rejects.toBe(reason);
    expect(children()).toEqual([]);
  });

  it('ends the hosts it started when the candidate does not load', async () => {
    const refused = compareLatency({ ...LATENCY, candidatePath: JOB.dataPath });
    await expect(refused).rejects.toMatchObject({ name: 'ModelLoadFailed' });
    expect(children()).toEqual([]);
  });

  it.each([
    [0, 'rounds must be at least 1 for each of 6 blocks, not 0'],
    [31, 'rounds must fill 6 blocks, not 31'],
  ])('refuses %d rounds', async (rounds, message) => {
    await expect(measureLatency({ ...LATENCY, rounds })).rejects.toThrow(message);
  });
});

describe('throughput', () => {
  it('ends at the count', async () => {
    const { perSecond, requests } = await measureThroughput({ ...THROUGHPUT, modelPath: FAST });
    expect(requests).toBe(60);
    expect(perSecond).toBeGreaterThan(60);
    expect(children()).toEqual([]);
  });

  it('ends at the time', async () => {
    const bounded = { ...THROUGHPUT, modelPath: SLOW, maxRequests: 1e6, maxMs: 300 };
    const { perSecond, requests } = await measureThroughput(bounded);
    expect(requests).toBeGreaterThan(0);
    expect(requests).toBeLessThan(10_000);
    expect(requests / perSecond).toBeGreaterThanOrEqual(0.3);
  });

  it('compares two models in alternating blocks', async () => {
    const total = { ...THROUGHPUT, blocks: 4, maxRequests: 50 };
    const { baseline, candidate } = await compareThroughput({ ...total, baselinePath: SLOW, candidatePath: FAST });
    expect([baseline.requests, candidate.requests]).toEqual([50, 50]);
    expect(candidate.perSecond).toBeGreaterThan(baseline.perSecond);
  });

  it('ends its child and rejects with the reason when it is aborted', async () => {
    const abort = new AbortController();
    const reason = new Error('stop');
    const onProgress = ({ done }: { done: number }) => done === 10 && abort.abort(reason);
    const aborted = measureThroughput({ ...THROUGHPUT, modelPath: FAST, signal: abort.signal, onProgress });
    await expect(aborted).rejects.toBe(reason);
    expect(children()).toEqual([]);
  });

  it('refuses to measure nothing', async () => {
    const nothing = { ...THROUGHPUT, modelPath: FAST, maxRequests: 0 };
    await expect(measureThroughput(nothing)).rejects.toThrow('maxRequests must be at least 1, not 0');
  });
});

describe('memory', () => {
  it('is what the model needs beyond an empty host', async () => {
    const { memoryBytes } = await measureMemory({ ...JOB, modelPath: SLOW });
    expect(memoryBytes).toBeGreaterThan(448 * 448 * 4); // its one square product
    expect(memoryBytes).toBeLessThan(100e6);
  });
});

describe('the fingerprint', () => {
  it('names what a figure depends on', async () => {
    const fingerprint = await hostFingerprint();
    expect(fingerprint).toMatchObject({ node: process.versions.node, onnxruntime: expect.stringMatching(/^\d+\.\d+/) });
    expect(fingerprint.cores).toBeGreaterThan(0);
    expect(fingerprint.memoryBytes).toBeGreaterThan(1e8);
  });

  it.each([
    ['flags\t\t: fpu sse2 avx2 avx512_vnni avx512f\nbugs\t: x', ['avx2', 'avx512f', 'avx512_vnni']],
    ['Features\t: fp asimd asimddp i8mm', ['asimddp', 'i8mm']],
    ['', []],
  ])('reads instruction sets from %j', (cpuinfo, expected) => {
    expect(instructionSets(cpuinfo)).toEqual(expected);
  });
});
