import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DataRole } from '../../src/domain/artifact.ts';
import type { CandidateResult, QualityFigures } from '../../src/domain/engagement.ts';
import { judge, noEvidence } from '../../src/domain/judge.ts';
import type { BaselineMeasurement, LatencyPercentiles, Trial } from '../../src/domain/measurement.ts';
import { judgeConfigOf } from '../../src/domain/rollout-policy.ts';
import type { RouteStatus, StageLook } from '../../src/domain/traffic.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import { loadTest } from '../domain/closing-document.ts';
import { type FakeActivities, look, ref, spec } from './fakes.ts';

const percentiles = (p50Ms: number): LatencyPercentiles => ({ p50Ms, p95Ms: p50Ms * 1.6, p99Ms: p50Ms * 2.1 });
const host = {
  cpuModel: 'cpu',
  cores: 2,
  memoryBytes: 8e9,
  instructionSets: ['avx2'],
  gpu: null,
  onnxruntime: '1',
  node: '24',
  platform: 'linux',
};
const FIGURES: Record<string, { verdict: Verdict; reason: string; speedup: number; drop: number; size: number }> = {
  fp16: { verdict: 'failed', reason: 'no faster than FP32 beyond the noise', speedup: 0.94, drop: 0, size: 0.5 },
  'int8-dynamic': { verdict: 'successful', reason: 'all 6 requirements hold', speedup: 2.3, drop: 0.002, size: 0.26 },
  'int8-static': { verdict: 'successful', reason: 'all 6 requirements hold', speedup: 2.9, drop: 0.006, size: 0.26 },
  'int4-weight': {
    verdict: 'inconclusive',
    reason: 'accuracy may drop by up to 1.7 points',
    speedup: 1.4,
    drop: 0.009,
    size: 0.17,
  },
};

/** Activities that answer with whole figures, so that pages have something to show. */
export function figures(): Partial<FakeActivities> {
  return {
    measureBaseline: async () =>
      ({
        key: 'baseline',
        model: ref('fp32'),
        sizeBytes: 9e7,
        predictions: { arrow: ref('b'), rows: 1000 },
        latency: percentiles(11),
        throughput: { perSecond: 84, requests: 500 },
        memoryBytes: 1.4e8,
        host,
        options: { threads: 1 },
        durationMs: 1,
      }) as BaselineMeasurement,
    judgeBaseline: async () => ({
      ...gate(
        'accuracy 95.00 % on 1,000 rows, p99 23.1 ms',
        'Approving accepts metric, margin and thresholds, and starts the candidates.'
      ),
      figures: fp32('selection'),
    }),
    judgeCandidate: async (input: CandidateResult & { trial: Trial }) => judged(input),
    judgePtq: async () =>
      gate('int8-static is 2.90x as fast, drop 0.60 points', 'Approving lets the successful ones go on.'),
    judgeHoldout: async ({ winner }: { winner: CandidateResult }) => ({ baseline: fp32('holdout'), candidate: winner }),
    judgeOptimization: async () =>
      gate('the hold-out agrees', 'Approving releases it to production traffic, beginning in the shadow.'),
    runLoadTest: async ({ subject }: { subject: string }) => loadTest(subject === 'baseline' ? 80 : 190),
  };
}

const fp32 = (role: DataRole): QualityFigures => ({ role, rows: 1000, accuracy: 0.95, macroF1: 0.81 });

const gate = (reason: string, effect: string) => ({
  checks: [{ name: 'accuracy', verdict: 'successful' as const, reason }],
  summary: `- successful: ${reason}\n\n${effect}`,
  evidence: ref('evidence'),
});

function judged({ id, phase, recipe }: CandidateResult): CandidateResult {
  const { verdict, reason, speedup, drop, size } = FIGURES[recipe.scheme]!;
  const interval = [speedup * 0.97, speedup * 1.03] as [number, number];
  const noiseInterval = [0.98, 1.02] as [number, number];
  const latency = { rounds: ref('r'), speedup, speedupInterval: interval, noiseFloor: 1, noiseInterval };
  const throughput = {
    baseline: { perSecond: 84, requests: 500 },
    candidate: { perSecond: 84 * speedup, requests: 500 },
  };
  const coverage = { integer: 37, float: 0, share: 1, operators: {}, fallbacks: [] };
  const trial = {
    key: `key-${id}`,
    quantized: { model: ref('int8'), sizeBytes: 9e7 * size, coverage, toolkitVersions: {}, durationMs: 1 },
    predictions: { arrow: ref('p'), rows: 1000 },
    latency: { ...latency, baseline: percentiles(11), candidate: percentiles(11 / speedup) },
    throughput,
    memoryBytes: 6e7,
    host,
    options: { threads: 1 },
    durationMs: 1,
  } as unknown as Trial;
  const slices = [
    {
      name: 'long',
      rows: 200,
      accuracyBaseline: 0.94,
      accuracyCandidate: 0.935,
      dropUpper: 0.02,
      verdict: 'successful' as const,
    },
  ];
  return {
    id,
    phase,
    scheme: recipe.scheme,
    recipe,
    verdict,
    reason,
    checks: [{ name: 'accuracy', verdict, reason: `drop ${(100 * drop).toFixed(2)} points, margin 1.50 points` }],
    trial,
    figures: {
      role: 'selection',
      rows: 1000,
      accuracy: 0.95 - drop,
      macroF1: 0.81,
      accuracyDrop: drop,
      accuracyDropUpper: drop + 0.005,
      flips: 9,
      lost: 6,
      won: 3,
      slices,
      mcnemarP: 0.5,
      regressions: [{ id: 'row-7', label: 0, candidate: 1, baselineMargin: 3.2 }],
      sizeRatio: size,
      speedup,
      speedupInterval: interval,
      noiseInterval,
      integerCoverage: 1,
    } as CandidateResult['figures'],
  };
}

/** A router that counts pairs at every look and takes weights, behind the control API that pages ask. */
export async function startRouter(name: string) {
  let [weight, trip, counts] = [0, null as RouteStatus['trip'], noEvidence()];
  const config = judgeConfigOf(spec(name));
  const arm = { state: 'ready' as const, pid: 1, restarts: 0, lastError: null };
  const status = (): RouteStatus => ({
    model: 'm',
    rollout: name,
    configSha256: 'c',
    weight: weight * 100,
    stage: 's',
    trip,
    counts,
    stageCounts: counts,
    served: { twin: 1000 - 5 * weight, candidate: 5 * weight, replayed: 0 },
    stageServed: { twin: 100, candidate: 0, replayed: 0 },
    judgement: judge(counts, config),
    arms: { twin: arm, candidate: arm },
    shadowShed: 0,
  });
  const server = createServer((_request, response) => {
    if (!trip)
      counts = {
        ...counts,
        pairs: counts.pairs + 20,
        zero: counts.zero + 4,
        candidateRequests: counts.candidateRequests + 20,
      };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(status()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const activities: Partial<FakeActivities> = {
    setTrafficWeight: async (input: { weight: number }) => {
      weight = input.weight;
      return { startedAt: new Date().toISOString() };
    },
    lookAtStage: async ({ weight }): Promise<StageLook> => ({
      ...look(weight, weight === 0 ? 'successful' : undefined),
      counts,
    }),
    returnToTwin: async ({ reason }: { reason: string }) => {
      weight = 0;
      trip = { at: new Date().toISOString(), reason, counts };
      return { weight };
    },
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    activities,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
