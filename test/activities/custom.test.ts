import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { createMeasurementActivities } from '../../src/activities/measurement.ts';
import { createServingActivities } from '../../src/activities/serving.ts';
import { createVerdictActivities } from '../../src/activities/verdicts.ts';
import type { CandidateResult, Preparation, SourceFiles } from '../../src/domain/engagement.ts';
import { FailureType } from '../../src/domain/errors.ts';
import type { BaselineMeasurement, Predictions, Trial } from '../../src/domain/measurement.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { SAME_DIGEST } from '../../src/inference/digest.ts';
import { compareLatency } from '../../src/inference/latency.ts';
import { largestRate } from '../../src/inference/load/largest-rate.ts';
import { readScores, writeScores } from '../../src/inference/predictions.ts';
import { digits, ROOT, run } from './digits.ts';

const { folder, artifacts, shared, tools, made, prepared } = digits('custom');
const measurement = createMeasurementActivities(shared);
const verdicts = createVerdictActivities(shared);

let expected: number;
let spec: Spec;
let sources: SourceFiles;
let preparation: Preparation;
let baseline: BaselineMeasurement;
let trial: Trial;
let predictions: { baseline: Predictions; candidate: Predictions };
const recipe = { toolkit: 'onnxruntime', scheme: 'int8-dynamic' } as const;
const engagement = 'digits-ranking';

/** The documented example on real digits, as the engagement carries it: measured, quantized, and scored on both sides. */
beforeAll(async () => {
  expected = made<{ score: number }>('ranking.py').score;
  cpSync(join(ROOT, 'docs/examples/evaluator'), join(folder, 'evaluator'), { recursive: true });
  ({ spec, sources, preparation } = await prepared('custom.yaml', engagement, () => {}));
  const { calibration, selection } = preparation.data;
  baseline = await run(measurement.measureBaseline, { engagement, spec, model: sources.model, selection });
  const { quantized } = await run(tools.quantizeCandidate, { spec, recipe, sources, calibration, selection });
  trial = { quantized } as Trial;
  predictions = await run(measurement.predictHoldout, {
    ...{ spec, model: sources.model, candidate: trial, holdout: selection },
  });
  const rounds = await compareLatency({
    baselinePath: artifacts.path(sources.model),
    candidatePath: artifacts.path(quantized.model),
    dataPath: artifacts.path(selection!.arrow),
    ...{ options: { threads: 1 }, rounds: 16, blocks: 8, warmup: 1, seed: 1 },
  });
  trial = { ...trial, latency: { rounds: await artifacts.putJson(rounds) } as Trial['latency'] };
}, 300_000); // a busy host

it('measures FP32 by the evaluator, with the power that its scores give the hold-out', async () => {
  const judged = await run(verdicts.judgeBaseline, { spec, preparation, baseline });
  expect(judged.figures.accuracy).toBeCloseTo(expected, 6); // by NumPy, without ONNX Runtime
  expect(judged.figures.scoreSpread).toBeGreaterThan(0);
  const reasons = Object.fromEntries(judged.checks.map(({ name, reason }) => [name, reason]));
  expect(reasons.healthy).toMatch(/^FP32 has 9\d\.\d\d % reciprocal rank on 400 rows, p99/);
  expect(reasons.power).toMatch(/^200 hold-out rows can certify .* at 2 % of the rows changed by \d+\.\d\d points/);
  expect(Object.keys(reasons)).not.toContain('calibration-classes');
  expect(judged.summary).toContain('reciprocal rank 9');
});

it('gives INT8 a verdict by its scores, which anyone can compute again', async () => {
  const winner: CandidateResult = {
    ...{ id: 'int8-dynamic', phase: 'ptq', scheme: 'int8-dynamic', recipe, trial },
    ...{ verdict: 'successful', reason: '', checks: [] },
  };
  const { selection } = preparation.data;
  const looked = await run(verdicts.judgeHoldout, { spec, winner, baseline, holdout: selection, predictions });
  const { figures, checks } = looked.candidate;
  expect(looked.baseline).toMatchObject({ rows: 400, accuracy: readMean(predictions.baseline) });
  expect(figures!.accuracy).toBe(readMean(predictions.candidate));
  expect(figures!.macroF1).toBeUndefined();
  expect(Math.abs(figures!.accuracyDrop)).toBeLessThan(0.02);
  expect(figures!.accuracyDropUpper).toBeGreaterThan(figures!.accuracyDrop);
  const [overall] = checks;
  expect(overall).toMatchObject({ name: 'score', verdict: 'successful' });
  expect(overall!.reason).toContain(`${figures!.lost} rows scored lower, ${figures!.won} higher of 400`);
  expect(figures!.slices.map(({ name }) => name)).toEqual(['ink=dark', 'ink=light']);
  expect(figures!.hardExamples!.map(({ name }) => name)).toEqual(['contrast=lowest']);
  expect(figures!.regressions!.length).toBeLessThanOrEqual(figures!.lost);
  const folders = { artifacts: artifacts.folder, journals: join(folder, 'journals') };
  const verified = await verifyEngagement(engagement, folders);
  expect(verified.faults).toEqual([]);
  expect(verified.verdicts).toBeGreaterThanOrEqual(1);
});

const readMean = ({ arrow }: Predictions) => {
  const { scores } = readScores(artifacts.path(arrow));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
};

it('measures another evaluator anew, and the same one not again', async () => {
  const { selection } = preparation.data;
  const input = { engagement, spec, model: sources.model };
  expect(await run(measurement.measureBaseline, { ...input, selection })).toEqual(baseline);
  const files = await artifacts.putJson({ 'ranking.py': await stored('def reciprocal_rank(o, r): return 0.5') });
  const other = { ...selection!, evaluator: { ...selection!.evaluator!, files } };
  const measured = await run(measurement.measureBaseline, { ...input, selection: other });
  expect(measured.key).not.toBe(baseline.key);
  expect(readMean(measured.predictions)).toBe(0.5);
}, 60_000);

it('ends for good where the evaluator fails on a row', async () => {
  const { selection } = preparation.data;
  const files = await artifacts.putJson({ 'ranking.py': await stored('def reciprocal_rank(o, r): return r["rank"]') });
  const broken = { ...selection!, evaluator: { ...selection!.evaluator!, files } };
  await expect(
    run(measurement.measureBaseline, { engagement, spec, model: sources.model, selection: broken })
  ).rejects.toMatchObject({
    type: FailureType.BadRequest,
    nonRetryable: true,
    message: expect.stringContaining("fails on row 'selection-0': KeyError: 'rank' (ranking.py, line 1)"),
  });
});

async function stored(text: string) {
  const path = join(folder, 'stored.py');
  writeFileSync(path, text);
  return artifacts.putFile(path);
}

it('knows the same answer under load by a digest of the outputs', async () => {
  const { selection } = preparation.data;
  const { digests } = readScores(artifacts.path(baseline.predictions.arrow));
  const play = (expected: Float64Array) =>
    largestRate({
      target: {
        ...{ kind: 'model', answeredBy: 'digest', options: { threads: 1 } },
        ...{ modelPath: artifacts.path(sources.model), dataPath: artifacts.path(selection!.arrow) },
      },
      ...{ rows: selection!.rows, level: { percentile: 0.99, limitMs: 100 }, startPerSecond: 50, seed: 1 },
      ...{ firstQueries: 40, maximumQueries: 40, maximumProbes: 1, resolution: 2 },
      ...{ expected, tolerance: SAME_DIGEST },
    });
  expect((await play(digests)).accuracy).toEqual({ checked: 40, differing: [] });
  const rotated = digests.map((_, row) => digests[(row + 1) % digests.length]!);
  expect((await play(rotated)).accuracy.differing.length).toBeGreaterThan(20);
}, 60_000);

it('tells how outputs begin, to try a server with, and refuses a file that answers otherwise', async () => {
  const { tryServing } = createServingActivities({ artifacts });
  const { selection } = preparation.data;
  const input = { spec, baseline, trial: { ...trial, predictions: predictions.candidate }, selection };
  const { smoke } = await run(tryServing, input);
  expect(smoke.baseline).toMatchObject({ score: 1, repeatedWithin: 0, outputs: [{ name: 'logits', shape: [1, 10] }] });
  expect(smoke.candidate).toHaveProperty('outputs.0.begins', expect.arrayContaining([expect.any(Number)]));
  const columns = readScores(artifacts.path(baseline.predictions.arrow));
  const path = join(folder, 'other.arrow');
  writeScores(path, { ...columns, digests: columns.digests.map((digest) => 1.01 * digest) });
  const arrow = await artifacts.putFile(path);
  const otherwise = { ...input, baseline: { ...baseline, predictions: { arrow, rows: 400 } } };
  await expect(run(tryServing, otherwise)).rejects.toMatchObject({ type: FailureType.ModelOutputInvalid });
});
