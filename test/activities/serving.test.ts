import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { createRecordActivities } from '../../src/activities/records.ts';
import { createServingActivities } from '../../src/activities/serving.ts';
import type { DeploymentGuide } from '../../src/domain/deployment/guide.ts';
import type { Serving } from '../../src/domain/deployment/serving.ts';
import { FailureType } from '../../src/domain/errors.ts';
import { verifyEngagement } from '../../src/evidence/verify.ts';
import { readInferRequest } from '../../src/gateway/protocol.ts';
import { classify } from '../../src/inference/classification.ts';
import { startHost } from '../../src/inference/host.ts';
import { readPredictions, writePredictions } from '../../src/inference/predictions.ts';
import { Journal } from '../../src/storage/journal.ts';
import { section, textOf } from '../domain/rendered.ts';
import { provenEngagement } from './proven.ts';

const home = mkdtempSync(join(tmpdir(), 'stepdown-serving-'));
afterAll(() => rmSync(home, { recursive: true }));

const proven = await provenEngagement(home);
const { artifacts, state, baseline, trial, selection, sources } = proven;
const { spec } = state;
const { tryServing } = createServingActivities({ artifacts });
const run = (changes: object = {}): Promise<Serving> =>
  new MockActivityEnvironment().run(tryServing, { spec, baseline, trial, selection, ...changes });
const serving = await run();

describe('what is to be served', () => {
  it('is described by the files themselves', () => {
    const open = { type: 'int64', datatype: 'INT64', shape: ['batch', 'length'] };
    expect(serving.inputs).toEqual(['input_ids', 'attention_mask'].map((name) => ({ name, ...open })));
    expect(serving.outputs).toEqual([{ name: 'logits', type: 'float32', datatype: 'FP32', shape: ['batch', 4] }]);
    expect(serving.fallback).toBeNull();
  });

  it('answers the request of the guide, as a server reads it, with the recorded class and score', async () => {
    const { smoke } = serving;
    const host = await startHost({ modelPath: artifacts.path(trial.quantized.model), options: trial.options });
    const { feeds } = readInferRequest(await artifacts.readJson(smoke.request), undefined, host);
    const { outputs } = await host.run(feeds);
    await host.close();
    const { ids, top1, scores } = readPredictions(artifacts.path(trial.predictions.arrow));
    const row = ids.indexOf(smoke.rowId);
    expect(smoke.candidate).toMatchObject({ top1: top1[row], score: scores[row] });
    expect(smoke.candidate).toHaveProperty('label', ['alpha', 'beta', 'gamma', 'delta'][top1[row]!]);
    const { top1: answered, score } = classify(outputs, smoke.rowId);
    expect([answered, score.toFixed(6)]).toEqual([top1[row], scores[row]!.toFixed(6)]);
  });

  it('is refused for good where it answers another class than was recorded', async () => {
    const columns = readPredictions(artifacts.path(trial.predictions.arrow));
    const path = join(home, 'other.arrow');
    writePredictions(path, { ...columns, top1: columns.top1.map((index) => (index + 1) % 4) });
    const predictions = { arrow: await artifacts.putFile(path), rows: columns.ids.length };
    await expect(run({ trial: { ...trial, predictions } })).rejects.toMatchObject({
      type: FailureType.ModelOutputInvalid,
      nonRetryable: true,
      message: expect.stringMatching(/row 'row-\d+' was class \d when it was measured and is \d now/),
    });
  });
});

describe('the deployment guide', () => {
  const folders = { artifacts: artifacts.folder, journals: join(home, 'journals'), reports: join(home, 'reports') };
  const journalOf = (name: string) => new Journal(folders.journals, name);
  const records = createRecordActivities({ artifacts, journalOf, reportsFolder: folders.reports });
  const write = (changes: Partial<Parameters<typeof records.writeGuide>[0]> = {}) => {
    const times = { startedAt: '2026-11-23T08:00:00.000Z', writtenAt: '2026-11-24T09:00:00.000Z' };
    return records.writeGuide({ state, sources, serving, isRolledOut: true, ...times, ...changes });
  };
  const pageOf = () => readFile(join(folders.reports, 'serving-deployment.html'), 'utf8');

  it('has the files with their hashes, and every figure with the evidence that it is of', async () => {
    const guide = await artifacts.readJson<DeploymentGuide>(await write());
    const page = await pageOf();
    const files = section(page, 'files');
    for (const ref of [trial.quantized.model, baseline.model, sources.tokenizer!, serving.smoke.request])
      expect(files).toContain(ref.sha256);
    const ids = new Set(guide.evidence.map(({ id }) => id));
    for (const figure of guide.figures) expect(figure.evidence.filter((id) => !ids.has(id))).toEqual([]);
    const figureOf = (name: string) => guide.figures.find((figure) => figure.name === name)!;
    expect(figureOf('Accuracy')).toMatchObject({ value: 0.95, evidence: ['holdout'] });
    expect(figureOf('Accuracy').interval!.map((bound) => bound!.toFixed(4))).toEqual(['0.9386', '0.9594']);
    const expected = section(page, 'expected');
    expect(expected).toMatch(/Accuracy \[ E\d+ \] 95.00 % 93.86 % to 95.94 %/);
    expect(expected).toMatch(/Largest rate at the service level \[ E\d+ \] 193.6 \/s/);
    expect(expected).toContain('Intel Xeon Platinum 8481C');
    expect(section(page, 'rollback')).toContain(baseline.model.sha256);
    expect(section(page, 'signature')).not.toContain('From outputs to an answer');
    expect(section(page, 'runtime')).toContain('options.intra_op_num_threads = 1');
  });

  it.each([
    [
      { task: 'question-answering', maxLength: 64, padding: 'none', maximumAnswerTokens: 8 },
      /the largest sum of the start logit of its first token and the end logit .* at most 8 tokens long/,
    ],
    [
      { task: 'embeddings', maxLength: 64, padding: 'none', pooling: 'mean', normalize: true },
      /A text's vector is the mean of .* that the attention mask keeps, brought to length 1: similarity is the cosine/,
    ],
  ])('says how the outputs of a model that names no class become an answer: %j', async (task, words) => {
    const { name, kind, path } = state.spec.model;
    const model = { name, kind, path, ...task } as typeof state.spec.model;
    await write({ state: { ...state, spec: { ...state.spec, model } } });
    expect(section(await pageOf(), 'signature')).toMatch(words);
  });

  it('watches the thresholds of the specification, at the gateway where there is one', async () => {
    await write();
    const watched = section(await pageOf(), 'monitoring');
    expect(watched).toMatch(/Latency p99 .* at most 100.00 ms serving.sloMs/);
    expect(watched).toMatch(/stepdown_gateway_disagreements_total\{model=&quot;m&quot;\}.* at most 4.00 %/);
    expect(watched).toMatch(/at most 1.50 points quality.marginPoints/);
    expect(watched).toMatch(/at most 15 min rollout.maximumSilence/);
    await write({ isRolledOut: false });
    expect(section(await pageOf(), 'monitoring')).not.toContain('stepdown_gateway');
  });

  it('shows waivers and load tests that do not count, and that a rollout was taken back', async () => {
    const [phase] = state.phases;
    const decision = { ...phase!.decision!, outcome: 'waived' as const, comment: 'the desk accepts it' };
    const chosen = { ...state.loadTests!.chosen!, faults: ['the clocks ran apart'] };
    const changed = { ...state, phases: [{ ...phase!, decision }], loadTests: { ...state.loadTests, chosen } };
    await write({ state: changed });
    const page = await pageOf();
    expect(page).toContain('<meta name="description" content="⚠ 1 requirement was waived">');
    expect(textOf(page)).toContain('the desk accepts it');
    expect(section(page, 'expected')).toContain('INVALID: the clocks ran apart');
    expect(section(page, 'monitoring')).not.toContain('Requests a second');
    const guide = await write();
    const rollout = { verdict: 'failed', reason: 'harm is proven', stages: [], decisions: [], finalWeight: 0 } as const;
    const ended = { ...state, guide, rollout: { ...rollout, stages: [], decisions: [] } };
    const times = { startedAt: '2026-11-23T08:00:00.000Z', endedAt: '2026-11-25T08:00:00.000Z' };
    await records.writeClosing({ state: ended, verdict: 'failed', reason: 'harm is proven', ...times });
    expect(textOf(await pageOf())).toContain('Do not serve this as it stands: harm is proven.');
  });

  it('is in the journal, and its files are verified with it', async () => {
    await write();
    expect(await verifyEngagement('serving', folders)).toMatchObject({ faults: [] });
    const entries = await journalOf('serving').entries();
    expect(entries.filter(({ kind }) => kind === 'guide')).toHaveLength(1);
  });
});
