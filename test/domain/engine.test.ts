import { describe, expect, it } from 'vitest';
import { candidatesSummary } from '../../src/activities/summaries.ts';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import { describeEngine, type Engine } from '../../src/domain/measurement.ts';
import { spec } from '../workflows/fakes.ts';

const built: Engine = {
  ...{ state: 'built', tensorrt: '11.1', gpu: 'NVIDIA L4', sizeBytes: 58_300_000, queries: 2_900 },
  ...{ p50Ms: 0.9814, p95Ms: 1.1, p99Ms: 1.2306 },
};
const unavailable: Engine = {
  state: 'unavailable',
  reason: 'not available here: no NVIDIA GPU',
  install: 'run this worker on a host with an NVIDIA GPU',
};

describe('what approvers read of candidates', () => {
  const candidate = (verdict: string, id = 'int8-static') =>
    ({ id, phase: 'ptq', verdict, reason: 'too slow', checks: [] }) as unknown as CandidateResult;
  const last = (changes: Record<string, unknown>, ...candidates: CandidateResult[]) =>
    candidatesSummary(spec('gate', changes), candidates, []).split('\n').at(-1);

  it('says that approving lets the successful ones go on, where there is one', () => {
    expect(last({}, candidate('failed', 'fp16'), candidate('successful'))).toMatch(/^Approving lets the successful/);
  });

  it.each([
    [{}, 'Waiving lets the next phase look for one that holds every requirement'],
    [
      { package: 'express', rollout: undefined, support: undefined },
      'Waiving ends the engagement without a candidate, as package express looks for no further ones',
    ],
  ])('says what waiving does where there is none: %j', (changes, words) => {
    expect(last(changes, candidate('failed'), candidate('inconclusive', 'fp16'))).toContain(words);
  });
});

describe('the engine of a candidate', () => {
  it.each<[string, Engine, string]>([
    ['was built', built, 'TensorRT 11.1 engine on NVIDIA L4: p50 0.981 / p99 1.231 ms over 2900 queries, 58.3 MB'],
    [
      'was refused',
      { state: 'failed', reason: 'no importer' },
      'TensorRT could not build an engine of it: no importer',
    ],
    [
      'cannot be built here',
      unavailable,
      'TensorRT engine: not available here: no NVIDIA GPU; to have one, run this worker on a host with an NVIDIA GPU',
    ],
  ])('%s: one sentence', (_, engine, sentence) => {
    expect(describeEngine(engine)).toBe(sentence);
  });

  it('stands beside its verdict at the gate, and beside no other', () => {
    const base = { phase: 'ptq', verdict: 'failed', reason: '1 of 36 nodes', checks: [] };
    const candidates = [
      { ...base, id: 'tensorrt-int8-static', trial: { quantized: { engine: unavailable } } },
      { ...base, id: 'int8-static', trial: { quantized: {} } },
    ] as unknown as CandidateResult[];
    const summary = candidatesSummary(spec('engine'), candidates, []);
    expect(summary).toMatch(/^- tensorrt-int8-static: failed\. 1 of 36 nodes\. TensorRT engine: not available here/);
    expect(summary).toContain('- int8-static: failed. 1 of 36 nodes\n');
  });
});
