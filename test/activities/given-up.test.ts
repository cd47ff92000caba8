import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { createMeasurementActivities } from '../../src/activities/measurement.ts';
import { createVerdictActivities } from '../../src/activities/verdicts.ts';
import type { PreparedData } from '../../src/domain/artifact.ts';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import type { BaselineMeasurement, GivenUp, Trial } from '../../src/domain/measurement.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';
import { Journal } from '../../src/storage/journal.ts';
import { Ledger } from '../../src/storage/ledger.ts';
import { spec } from '../workflows/fakes.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const folder = await mkdtemp(join(tmpdir(), 'stepdown-given-up-'));
const artifacts = new ArtifactStore(folder);
const ledger = new Ledger(folder);
const journalOf = (engagement: string) => new Journal(folder, engagement);
const measurement = createMeasurementActivities({
  artifacts,
  ledger,
  journalOf,
  workFolder: folder,
  python: 'python3',
});
const verdicts = createVerdictActivities({ artifacts, journalOf });
const selection = { arrow: await artifacts.putFile(`${FIXTURES}rows.arrow`), rows: 6 } as PreparedData;
async function tried(
  engagement: string,
  models: { fp32: string; candidate: string; integer: number },
  toolkit: Recipe['toolkit'] = 'onnxruntime'
) {
  const recipe: Recipe = { toolkit, scheme: 'int8-dynamic' };
  const [fp32, candidate] = await Promise.all(
    [models.fp32, models.candidate].map((name) => artifacts.putFile(`${FIXTURES}${name}.onnx`))
  );
  const coverage = {
    integer: models.integer,
    float: 10 - models.integer,
    share: models.integer / 10,
    operators: {},
    fallbacks: [],
  };
  const quantized = { model: candidate!, sizeBytes: 10, coverage, toolkitVersions: {}, durationMs: 1 };
  const subject = { engagement, id: 'int8-dynamic', phase: 'ptq' as const, recipe, spec: spec(engagement), selection };
  const baseline = { model: fp32, sizeBytes: 40 } as BaselineMeasurement;
  const input = { ...subject, baseline, quantized: { key: `key of ${engagement}`, quantized } };
  const trial: Trial | GivenUp = await new MockActivityEnvironment().run(measurement.measureCandidate as never, input);
  const judge = (): Promise<CandidateResult> =>
    new MockActivityEnvironment().run(verdicts.judgeCandidate as never, { ...input, trial });
  return { trial, judge };
}

it.each([
  ['no faster than FP32', { fp32: 'classifier', candidate: 'classifier-slow', integer: 10 }, /not faster than FP32/],
  [
    'half in float',
    { fp32: 'classifier-slow', candidate: 'classifier', integer: 5 },
    /^5 of 10 nodes .*; given up before its accuracy was asked$/,
  ],
])('gives up a candidate that is %s before its accuracy is asked', async (name, models, words) => {
  const engagement = name.replaceAll(' ', '-').toLowerCase();
  const { trial, judge } = await tried(engagement, models);
  expect(trial).toMatchObject({ isGivenUp: true });
  expect(trial).not.toHaveProperty('predictions');
  const result = await judge();
  expect(result).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(words), givenUp: trial });
  expect((await tried(engagement, models)).trial).toEqual(trial); // from the ledger
  expect(await verifyEngagement(engagement, { artifacts: folder, journals: folder })).toMatchObject({
    verdicts: 1,
    faults: [],
  });
});

it('asks for the accuracy of one that is fast and runs on integers', async () => {
  const { trial } = await tried('worthwhile', { fp32: 'classifier-slow', candidate: 'classifier', integer: 10 });
  expect(trial).toHaveProperty('predictions.rows', 40);
});

it('asks for the accuracy of one that is made for a GPU, however it runs here', async () => {
  const models = { fp32: 'classifier', candidate: 'classifier-slow', integer: 5 };
  const { trial } = await tried('for-a-gpu', models, 'tensorrt');
  expect(trial).toHaveProperty('predictions.rows', 40);
});
