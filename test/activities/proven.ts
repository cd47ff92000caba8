import { join } from 'node:path';
import type { PreparedData } from '../../src/domain/artifact.ts';
import type { CandidateResult, EngagementState, SourceFiles } from '../../src/domain/engagement.ts';
import type { BaselineMeasurement, Trial } from '../../src/domain/measurement.ts';
import { predict } from '../../src/inference/predict.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { closingDocument, loadTest } from '../domain/closing-document.ts';
import { spec } from '../workflows/fakes.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;

/** An engagement at its optimization gate: a real model as FP32 and as candidate, with the answers of both. */
export async function provenEngagement(home: string) {
  const artifacts = new ArtifactStore(join(home, 'artifacts'));
  const modelPath = `${FIXTURES}classifier.onnx`;
  const dataPath = `${FIXTURES}rows.arrow`;
  const outPath = join(home, 'answers.arrow');
  const { rows } = await predict({ modelPath, dataPath, outPath, options: { threads: 1 } });
  const predictions = { arrow: await artifacts.putFile(outPath), rows };
  const { host, holdout } = closingDocument();
  const measured = { predictions, host: host!, options: { threads: 1 }, durationMs: 1 };
  const percentiles = { p50Ms: 4.94, p95Ms: 8.61, p99Ms: 11.9 };
  const baseline: BaselineMeasurement = {
    ...measured,
    key: 'baseline',
    model: await artifacts.putFile(modelPath),
    sizeBytes: 90_432_319,
    latency: { p50Ms: 11.42, p95Ms: 19.8, p99Ms: 26.04 },
    throughput: { perSecond: 84, requests: 500 },
    memoryBytes: 143_000_000,
  };
  const trial = {
    ...measured,
    key: 'trial',
    quantized: {
      model: await artifacts.putFile(`${FIXTURES}classifier-slow.onnx`),
      sizeBytes: 23_170_000,
      coverage: { share: 1 },
      toolkitVersions: {},
    },
    latency: { rounds: await artifacts.putJson([]), baseline: baseline.latency, candidate: percentiles },
    throughput: { baseline: baseline.throughput, candidate: baseline.throughput },
    memoryBytes: 61_000_000,
  } as unknown as Trial;
  const candidate: CandidateResult = {
    id: 'int8-dynamic',
    phase: 'ptq',
    scheme: 'int8-dynamic',
    recipe: { toolkit: 'onnxruntime', scheme: 'int8-dynamic' },
    verdict: 'successful',
    reason: 'all hold',
    checks: [],
    trial,
    figures: { ...holdout, rows: 1700, lost: 7, won: 6 } as unknown as CandidateResult['figures'],
    evidence: await artifacts.putJson({ of: 'hold-out' }),
  };
  const ran = {
    name: 'optimization',
    attempt: 1,
    verdict: 'successful',
    reason: 'all hold',
    startedAt: 's',
    endedAt: 'e',
  } as const;
  const at = '2026-11-24T09:00:00.000Z';
  const decision = {
    gate: 'optimization',
    outcome: 'approved',
    by: 'ana@example.org',
    comment: '',
    at,
    evidenceSha256: 'e',
  } as const;
  const state: EngagementState = {
    spec: spec('serving', {
      model: { ...spec('serving').model, labels: ['alpha', 'beta', 'gamma', 'delta'] },
      slices: [{ name: 'group', column: 'group' }],
    }),
    phase: 'optimization',
    baseline,
    baselineFigures: { role: 'selection', rows, accuracy: 0.95, macroF1: 0.81 },
    loadTests: { baseline: loadTest(80.2), chosen: loadTest(193.6) },
    candidates: [candidate],
    phases: [{ ...ran, checks: [], decision }],
    released: ['int8-dynamic'],
    customRecipes: [],
    chosen: 'int8-dynamic',
    holdout: { baseline: { role: 'holdout', rows: 1700, accuracy: 0.9506, macroF1: 0.8145 }, candidate },
  };
  const selection = { arrow: await artifacts.putFile(dataPath), rows } as PreparedData;
  const sources: SourceFiles = {
    model: baseline.model,
    tokenizer: await artifacts.putJson({ tokenizer: 1 }),
    data: {},
  };
  return { artifacts, state, baseline, trial, selection, sources };
}
