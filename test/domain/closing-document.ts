import { flatTraffic } from '../../src/domain/cost.ts';
import type { CandidateLine, ClosingDocument } from '../../src/domain/engagement.ts';
import type { LoadTest } from '../../src/domain/load/load-test.ts';
import type { ServiceRecord } from '../../src/domain/service-level.ts';
import type { Economics } from '../../src/domain/serving-cost.ts';
import type { SupportResult, Week } from '../../src/domain/support.ts';
import type { EvidenceLine, StageResult, TimeQuantile } from '../../src/domain/traffic.ts';

const SHA = 'c0ffee'.padEnd(64, '0');

const decision = (gate: string, outcome: 'approved' | 'rejected' | 'waived', comment = '') => ({
  gate,
  outcome,
  by: 'ana@example.com',
  comment,
  at: '2026-11-24T09:12:30.000Z',
  evidenceSha256: SHA,
});

export function candidateLine(over: Partial<CandidateLine>): CandidateLine {
  return {
    id: 'int8-dynamic',
    phase: 'ptq',
    role: 'selection',
    scheme: 'int8-dynamic',
    verdict: 'successful',
    reason: 'non-inferior within 1.5 points, 2.31x as fast, 0.26 of the size',
    checks: [{ name: 'accuracy', verdict: 'successful', reason: 'drop 0.10 points, at most 0.58 of 1.5 allowed' }],
    sizeRatio: 0.2562,
    sizeBytes: 23_170_000,
    accuracy: 0.9535,
    accuracyDrop: 0.001,
    accuracyDropUpper: 0.0058,
    macroF1: 0.8112,
    speedup: 2.31,
    speedupInterval: [2.24, 2.38],
    noiseInterval: [0.98, 1.02],
    integerCoverage: 1,
    flips: 9,
    slices: [],
    ...over,
  };
}

const slice = (name: string, rows: number, accuracyBaseline: number, accuracyCandidate: number, dropUpper: number) => ({
  name,
  rows,
  accuracyBaseline,
  accuracyCandidate,
  dropUpper,
  verdict: rows < 50 ? ('inconclusive' as const) : ('successful' as const),
});

function stage(weight: number, pairs: number, minute: number): StageResult {
  const line = (
    name: EvidenceLine['name'],
    action: EvidenceLine['action'],
    lnE: number,
    bound: number
  ): EvidenceLine => ({ name, action, lnE, bound });
  return {
    weight,
    observations: pairs,
    servedByCandidate: Math.round((pairs * weight) / 100),
    verdict: 'successful',
    reason: `agreement proven within the budget after ${pairs} pairs`,
    counts: {
      pairs,
      disagreements: Math.round(pairs * 0.004),
      plus: Math.round(pairs * 0.002),
      minus: 1,
      zero: pairs - 3,
      candidateRequests: pairs,
      candidateErrors: 0,
    },
    evidence: [
      line('disagreement-alarm', 'rollback', -3.2 - weight / 50, 4.09),
      line('labelled-worse', 'rollback', 0.4, 4.09),
      line('error-rate', 'rollback', -1.1, 4.09),
      line('disagreement-certificate', 'promote', 4.2 + weight / 20, 3.69),
      line('labelled-noninferior', 'promote', 2.1 + weight / 40, 3.69),
    ],
    startedAt: `2026-11-24T09:${minute}:00.000Z`,
    endedAt: `2026-11-24T09:${minute}:14.000Z`,
  };
}

/** A demo engagement that went all the way; every test changes what it is about. */
export function closingDocument(over: Partial<ClosingDocument> = {}): ClosingDocument {
  const phase = (name: ClosingDocument['phases'][number]['name'], reason: string) => ({
    name,
    attempt: 1,
    verdict: 'successful' as const,
    reason,
    decision: decision(name, 'approved', 'figures looked at'),
  });
  return {
    engagement: 'newswire',
    client: 'Example Newswire Ltd',
    modelName: 'minilm-newswire',
    package: 'professional',
    verdict: 'successful',
    reason: 'the candidate serves all traffic and every guardrail held',
    startedAt: '2026-11-24T09:00:02.000Z',
    endedAt: '2026-11-24T09:26:41.000Z',
    phases: [
      phase('baseline', '968 rows resolve a margin of 1.5 points with power 0.93'),
      phase('ptq', '2 of 4 candidates successful'),
      phase('optimization', 'int8-dynamic is non-inferior on the hold-out: drop at most 0.47 points'),
      phase('rollout', 'every stage was promoted'),
    ],
    baseline: {
      role: 'holdout',
      sizeBytes: 90_432_319,
      accuracy: 0.9506,
      macroF1: 0.8145,
      latency: { p50Ms: 11.42, p95Ms: 19.8, p99Ms: 26.04 },
      throughputPerSecond: 84.2,
      memoryBytes: 143_000_000,
    },
    optimized: {
      role: 'holdout',
      sizeBytes: 23_170_000,
      accuracy: 0.95,
      macroF1: 0.8178,
      latency: { p50Ms: 4.94, p95Ms: 8.61, p99Ms: 11.9 },
      throughputPerSecond: 193.7,
      memoryBytes: 61_000_000,
    },
    candidates: [
      candidateLine({
        id: 'fp16',
        scheme: 'fp16',
        verdict: 'failed',
        reason: 'not faster: 0.94x (0.91 to 0.97) is below the noise floor of 0.98 to 1.02',
        sizeRatio: 0.5012,
        sizeBytes: 45_300_000,
        accuracy: 0.9545,
        accuracyDrop: 0,
        accuracyDropUpper: 0.0028,
        speedup: 0.94,
        speedupInterval: [0.91, 0.97],
        integerCoverage: 0,
        flips: 0,
      }),
      candidateLine({}),
      candidateLine({
        id: 'int8-static',
        scheme: 'int8-static',
        verdict: 'inconclusive',
        reason: 'accuracy may drop by up to 1.71 points, 1.5 are allowed; more rows would decide',
        accuracy: 0.9463,
        accuracyDrop: 0.0083,
        accuracyDropUpper: 0.0171,
        macroF1: 0.7921,
        speedup: 2.14,
        speedupInterval: [2.08, 2.2],
        flips: 31,
      }),
      candidateLine({
        id: 'int4-weight',
        scheme: 'int4-weight',
        verdict: 'failed',
        reason: 'accuracy drops by 6.20 points, at most 7.81; 1.5 are allowed',
        sizeRatio: 0.531,
        sizeBytes: 48_000_000,
        accuracy: 0.8925,
        accuracyDrop: 0.062,
        accuracyDropUpper: 0.0781,
        macroF1: 0.664,
        speedup: 1.32,
        speedupInterval: [1.28, 1.36],
        flips: 88,
      }),
    ],
    holdout: candidateLine({
      phase: 'optimization',
      role: 'holdout',
      accuracy: 0.95,
      accuracyDrop: 0.0006,
      accuracyDropUpper: 0.0047,
      macroF1: 0.8178,
      flips: 13,
      reason: 'non-inferior on the hold-out, overall and on every slice',
      slices: [
        slice('topic-group=acquisitions', 417, 0.976, 0.9736, 0.0101),
        slice('topic-group=earnings', 642, 0.9922, 0.9922, 0.0042),
        slice('topic-group=economy', 310, 0.9, 0.9032, 0.0117),
        slice('length=long', 31, 0.8387, 0.8065, 0.1102),
      ],
    }),
    chosen: 'int8-dynamic',
    rollout: {
      verdict: 'successful',
      reason: 'every stage was promoted',
      finalWeight: 100,
      stages: [0, 1, 5, 25, 50, 100].map((weight, i) => stage(weight, 420 + 137 * i, 18 + i)),
      decisions: [decision('rollout-100', 'approved', 'go')],
    },
    waivers: [],
    host: {
      cpuModel: 'Intel Xeon Platinum 8481C',
      cores: 2,
      memoryBytes: 25_276_000_000,
      instructionSets: ['avx2', 'avx512f', 'avx512_vnni', 'amx_int8'],
      gpu: null,
      onnxruntime: '1.30.0',
      node: '24.21.0',
      platform: 'linux x64',
    },
    quality: { marginPoints: 1.5, sliceMarginPoints: 3, confidence: 0.95 },
    holds: { minimumMs: 2_000, maximumMs: 90_000 },
    toolkitVersions: { onnxruntime: '1.30.0', onnx: '1.20.1' },
    report: 'engagements/newswire/report.html',
    journal: 'engagements/newswire/journal.jsonl',
    ...over,
  };
}

/** 700 requests a second at 70 % of what replicas sustain; an instance costs a dollar an hour, the fee three months of one. */
export const economics = (over: Partial<Economics['input']> = {}): Economics => ({
  input: {
    plan: {
      hourlyRps: flatTraffic(700),
      replicaRps: 1,
      headroom: 0.7,
      minimumReplicas: 1,
      spareReplicas: 0,
      replicasPerGpu: 1,
      gpusPerInstance: 1,
      prices: { onDemandUsdPerHour: 1, reservedUsdPerHour: null, spotUsdPerHour: null },
      burst: 'on-demand',
      reclaimOverhead: 0.1,
      extras: [],
    },
    isRateKnown: true,
    monthlyCost: undefined,
    fee: 2190,
    speedup: undefined,
    ...over,
  },
  price: {
    instance: 'c6id.2xlarge',
    provider: 'aws',
    region: 'us-east-1',
    gpu: null,
    gpuCount: 0,
    gpuMemoryGb: null,
    vcpus: 8,
    memoryGib: 16,
    onDemandUsdPerHour: 1,
    reservedUsdPerHour: null,
    spotUsdPerHour: null,
    source: 'a list',
    date: '2026-11-24',
    ageDays: 1,
  },
});

/** What a model sustains at p99 within 150 ms. */
export const loadTest = (ratePerSecond: number | null, faults: string[] = []): LoadTest => ({
  key: 'k',
  modelSha256: 'm',
  level: { percentile: 0.99, limitMs: 150 },
  replicas: 1,
  ratePerSecond,
  exceededPerSecond: 99.5,
  probes: [],
  queries: 4200,
  cpuMsPerQuery: 17.25,
  peakBytes: 3e8,
  gpu: null,
  audits: { accuracy: { checked: 500, differing: [] }, caching: { gain: 1, isCached: false } },
  faults,
  resumedAfter: 0,
  host: closingDocument().host!,
  options: { threads: 2 },
  durationMs: 1,
});

/** So many times as long as FP32's clients waited. */
export const waited = (factor: number): TimeQuantile => {
  const around = (ms: number) => ({ ms: ms * factor, lowMs: ms * factor * 0.96, highMs: ms * factor * 1.05 });
  return { n: 48_210, ...around(9.8), p50: around(5.1), p99: around(14.6) };
};

export const week = (number: number, over: Partial<Week> = {}): Week => ({
  number,
  days: [7 * (number - 1), 7 * number],
  counts: {
    pairs: 6_048,
    disagreements: 27,
    plus: 4,
    minus: 3,
    zero: 611,
    candidateRequests: 9_884,
    candidateErrors: 2,
  },
  evidence: { 'labelled-worse': 0.012, disagreement: 0.0004, 'error-rate': 0.00002 },
  drift: [
    {
      what: 'classes answered by FP32, against the production rows given',
      psi: 0.31,
      jensenShannon: 0.04,
      n: [6_048, 900],
    },
    {
      what: 'classes answered by FP32, against the calibration rows given',
      psi: 0.08,
      jensenShannon: 0.011,
      n: [6_048, 1_000],
    },
    {
      what: 'classes answered by the candidate, against FP32 on the same requests',
      psi: 0.001,
      jensenShannon: 0.0002,
      n: [6_048, 6_048],
    },
  ],
  incidents: 0,
  service: serviceRecord,
  endedAt: '2026-12-01T09:30:00.000Z',
  ...over,
});

const serviceRecord: ServiceRecord = {
  looks: 504,
  up: 504,
  candidateReady: 503,
  times: { twin: waited(1), candidate: waited(0.45) },
};

/** A window that drift and an incident went through before a break ended it. */
export function supportWindow(over: Partial<SupportResult> = {}): SupportResult {
  const stage = 99;
  const from = '2026-12-15T03:30:00.125Z';
  const toZero = { stage, from, zeroAt: '2026-12-15T03:30:00.129Z', readAt: '2026-12-15T03:30:00.871Z' };
  const harm =
    'accuracy fell by more than the margin of harm at some time since 2026-11-24 09:30 UTC: the detector reached its bound of 61714';
  return {
    verdict: 'failed',
    reason: `rolled back on day 21: ${harm}`,
    days: 20.75,
    daysPlanned: 90,
    dayMs: 86_400_000,
    looks: 498,
    sample: 0.01,
    weeks: [
      week(1),
      week(2, { incidents: 1 }),
      week(3, {
        days: [14, 20.75],
        endedAt: '2026-12-15T03:30:02.000Z',
        incidents: 1,
        evidence: { 'labelled-worse': 1.08, disagreement: 0.21, 'error-rate': 0.00002 },
      }),
    ],
    incidents: [
      {
        number: 1,
        kind: 'no-data',
        day: 9,
        openedAt: '2026-12-03T09:30:00.000Z',
        reason: 'no request was compared for a day: the guard is blind',
        acknowledged: {
          by: 'ken@newswire.example',
          comment: 'the feed was down for maintenance',
          at: '2026-12-03T11:02:00.000Z',
        },
      },
      { number: 2, kind: 'labelled-worse', day: 21, openedAt: from, reason: harm, toZero },
    ],
    startedAt: '2026-11-24T09:30:00.000Z',
    endedAt: '2026-12-15T03:30:02.000Z',
    finalWeight: 0,
    service: serviceRecord,
    proposal: {
      engagement: 'newswire-r2',
      day: 7,
      at: '2026-12-01T09:30:00.000Z',
      reason: 'classes answered by FP32, against the production rows given: PSI 0.310 of 0.25 (6048 and 900 rows)',
      drift: { what: 'classes', jensenShannon: 0.04, psi: 0.31, n: [6_048, 900] },
      specification: '/srv/stepdown/reports/newswire-support-proposal/newswire-r2.yaml',
    },
    rolledBackBy: 2,
    ...over,
  };
}
