import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { createServingActivities } from '../../src/activities/serving.ts';
import { FailureType } from '../../src/domain/errors.ts';
import type { Predictions } from '../../src/domain/measurement.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { SAME_DIGEST } from '../../src/inference/digest.ts';
import { largestRate } from '../../src/inference/load/largest-rate.ts';
import { readDigests, readScores, writeScores } from '../../src/inference/predictions.ts';
import { ROOT, run } from './digits.ts';
import { type Carried, carried, workplace } from './scored.ts';

const place = workplace('custom');
const { folder, artifacts, measurement, verdicts } = place;

let expected: number;
let spec: Carried['spec'];
let sources: Carried['sources'];
let preparation: Carried['preparation'];
let baseline: Carried['baseline'];
let trial: Carried['trial'];
let predictions: Carried['predictions'];
let winner: Carried['winner'];
const engagement = 'digits-ranking';

/** The documented example on real digits. */
beforeAll(async () => {
  expected = place.made<{ score: number }>('ranking.py').score;
  cpSync(join(ROOT, 'docs/examples/evaluator'), join(folder, 'evaluator'), { recursive: true });
  cpSync(join(ROOT, 'docs/examples/custom.yaml'), join(folder, 'engagement.yaml'));
  const made = await carried(place, join(folder, 'engagement.yaml'));
  ({ spec, sources, preparation, baseline, trial, predictions, winner } = made);
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
  const verified = await verifyEngagement(engagement, place.folders);
  expect(verified.faults).toEqual([]);
  expect(verified.verdicts).toBeGreaterThanOrEqual(1);
});

const readMean = ({ arrow }: Predictions) => {
  const { scores } = readScores(artifacts.path(arrow), spec.quality);
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
  const { digests } = readDigests(artifacts.path(baseline.predictions.arrow));
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
  const columns = readScores(artifacts.path(baseline.predictions.arrow), spec.quality);
  const path = join(folder, 'other.arrow');
  writeScores(path, { ...columns, digests: columns.digests.map((digest) => 1.01 * digest) });
  const arrow = await artifacts.putFile(path);
  const otherwise = { ...input, baseline: { ...baseline, predictions: { arrow, rows: 400 } } };
  await expect(run(tryServing, otherwise)).rejects.toMatchObject({ type: FailureType.ModelOutputInvalid });
});
