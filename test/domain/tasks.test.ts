import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { preparationJob } from '../../src/domain/preparation-job.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { suggestedSpec } from '../../src/domain/suggested-spec.ts';
import { suggestedTask } from '../../src/domain/suggested-task.ts';
import { TASKS } from '../../src/domain/tasks.ts';

const example = (name: string) =>
  parse(readFileSync(new URL(`../../docs/examples/${name}.yaml`, import.meta.url), 'utf8'));

/** An example with some of its fields changed; undefined takes one away. */
function changed(name: string, changes: Record<string, unknown>) {
  const document = example(name);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce((at, key) => {
      at[key] ??= {};
      return at[key];
    }, document);
    parent[last] = value;
    if (value === undefined) delete parent[last];
  }
  return parseSpec(document);
}

const problemsOf = (name: string, changes: Record<string, unknown>) => {
  const parsed = changed(name, changes);
  return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};

it.each([
  ['images', 'image-classification'],
  ['custom', 'custom'],
  ['../../examples/newswire-scored/questions', 'question-answering'],
  ['../../examples/newswire-scored/embeddings', 'embeddings'],
])('accepts the documented example %s', (name, task) => {
  const parsed = parseSpec(example(name));
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  expect(parsed.spec.model.task).toBe(task);
  expect(parsed.spec.data.columns).toEqual(TASKS[parsed.spec.model.task].columns);
});

it('tells the toolkit how an image becomes a tensor, with one mean and deviation a channel', () => {
  const parsed = changed('images', { 'model.image': { width: 224, height: 224, fit: 'crop', resize: 256 } });
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  const job = preparationJob(parsed.spec, { model: '/m.onnx', data: { selection: '/s' } });
  expect(job).toMatchObject({
    task: 'image-classification',
    model: { path: '/m.onnx' },
    image: { channels: 'rgb', resample: 'bilinear', mean: [0, 0, 0], std: [1, 1, 1], resize: 256 },
    columns: { id: 'id', image: 'image', label: 'label' },
  });
  expect(job).toHaveProperty('tokenizer', undefined);
});

const QUESTIONS = '../../examples/newswire-scored/questions';
const EMBEDDINGS = '../../examples/newswire-scored/embeddings';
const IMAGE = { width: 16, height: 16 };
const HELD = { minimumHold: '1 hour', maximumHold: '1 day', disagreementPoints: 4 };
const EVALUATOR = { folder: 'e', entryPoint: 'a:b' };

it.each([
  ['images', { 'model.task': 'segmentation' }, 'model.task: '],
  ['images', { 'model.tokenizer': 't.json' }, 'model.tokenizer: is no setting of image-classification; remove it'],
  ['images', { 'model.tokeniser': 't.json' }, 'model.tokeniser: is not a known key'],
  ['images', { 'model.kind': 'huggingface' }, 'model.kind: image-classification takes kind onnx'],
  ['images', { 'model.labels': undefined }, 'model.labels: is missing'],
  ['images', { 'model.image': { ...IMAGE, mean: [1, 2] } }, 'model.image.mean: rgb needs 3 numbers'],
  ['images', { 'model.image': { ...IMAGE, std: [0, 1, 1] } }, 'model.image.std.0: '],
  ['images', { 'model.image': { ...IMAGE, resize: 20 } }, 'model.image.resize: goes with fit: crop'],
  ['images', { 'model.image': { ...IMAGE, fit: 'crop', resize: 8 } }, 'model.image.resize: must be at least'],
  ['images', { 'model.image': { width: 16 } }, 'model.image.height: is missing'],
  ['images', { 'data.columns.text': 't' }, 'data.columns.text: image-classification reads id, image, label'],
  ['images', { 'data.columns.picture': 't' }, 'data.columns.picture: is not a known key'],
  ['images', { 'data.train': 't' }, 'data.train: image-classification is not trained; remove it'],
  ['images', { training: {} }, 'training: image-classification is not trained; remove it'],
  ['images', { slices: [{ name: 'l', tokens: [3] }] }, 'slices.0.tokens: image-classification has no tokens'],
  ['images', { rollout: undefined }, 'rollout: is missing; package professional has a rollout: give minimumHold'],
  ['images', { 'quality.metric': 'f1' }, 'quality.metric: image-classification is measured by accuracy'],
  ['images', { 'quality.evaluator': EVALUATOR }, 'quality.evaluator: image-classification has its metric; remove it'],
  ['custom', { 'quality.evaluator': undefined }, 'quality.evaluator: is missing; give the folder of your Python files'],
  ['custom', { 'quality.evaluator.entryPoint': 'rank' }, 'quality.evaluator.entryPoint: write module:function'],
  ['custom', { 'quality.metric': '<b>' }, 'quality.metric: write a name of at most 40 characters'],
  ['custom', { 'quality.confidence': 0.5 }, 'quality.confidence: must be above 0.5 for a score'],
  ['custom', { 'model.tokenizer': 't.json' }, 'model.maxLength: is missing; with a tokenizer, say how many tokens'],
  ['custom', { 'model.maxLength': 64 }, 'model.maxLength: goes with a tokenizer'],
  ['custom', { 'model.labels': ['a', 'b'] }, 'model.labels: is no setting of custom; remove it'],
  ['custom', { 'model.kind': 'huggingface' }, 'model.kind: custom takes kind onnx; export the model first'],
  ['custom', { 'data.columns.label': 'l' }, 'data.columns.label: custom reads id, text; remove it'],
  ['custom', { slices: [{ name: 'l', tokens: [3] }] }, 'slices.0.tokens: custom without model.tokenizer has no tokens'],
  ['custom', { package: 'professional' }, 'package: includes a rollout, and custom gives no class by which production'],
  [
    'custom',
    { rollout: HELD },
    'rollout: custom gives no class by which production could compare two models; remove it',
  ],
  ['custom', { support: {} }, 'support: custom gives no class'],
  [QUESTIONS, { 'quality.metric': 'accuracy' }, 'quality.metric: question-answering is measured by f1 or exact match'],
  [QUESTIONS, { 'quality.confidence': 0.4 }, 'quality.confidence: must be above 0.5 for a score'],
  [QUESTIONS, { 'quality.evaluator': EVALUATOR }, 'quality.evaluator: question-answering has its metric; remove it'],
  [QUESTIONS, { 'model.maximumAnswerTokens': 0 }, 'model.maximumAnswerTokens: '],
  [QUESTIONS, { 'model.tokenizer': undefined }, 'model.tokenizer: is missing'],
  [QUESTIONS, { 'model.pooling': 'mean' }, 'model.pooling: is no setting of question-answering; remove it'],
  [QUESTIONS, { 'data.columns.label': 'l' }, 'data.columns.label: question-answering reads id, question, context'],
  [QUESTIONS, { package: 'professional' }, 'package: includes a rollout, and question-answering gives no class'],
  [EMBEDDINGS, { 'model.pooling': 'max' }, 'model.pooling: '],
  [EMBEDDINGS, { 'model.pooling': undefined }, 'model.pooling: is missing'],
  [EMBEDDINGS, { 'model.normalize': 'yes' }, 'model.normalize: '],
  [EMBEDDINGS, { 'quality.metric': 'f1' }, 'quality.metric: embeddings is measured by cosine or spearman'],
  [
    EMBEDDINGS,
    { 'quality.metric': 'cosine', 'data.columns.second': 's' },
    'data.columns.second: is read for metric spearman only',
  ],
])('refuses in %s %j', (name, changes, message) => {
  expect(problemsOf(name, changes)).toEqual([expect.stringContaining(message)]);
});

it('reports what does not fit the task together with every other mistake', () => {
  const found = problemsOf('images', {
    'serving.sloMs': -1,
    'data.columns.text': 't',
    slices: [{ name: 'l', tokens: [1] }],
  });
  expect(found.map((line) => line.split(':')[0])).toEqual(['serving.sloMs', 'data.columns.text', 'slices.0.tokens']);
});

describe('a specification suggested for a model of text', () => {
  const tokens = { name: 'last_hidden_state', shape: ['batch', 'length', 384] };
  const vector = { name: 'sentence_embedding', shape: ['batch', 384] };
  const ends = ['start_logits', 'end_logits'].map((name) => ({ name, shape: ['batch', 'length'] }));

  it.each([
    [ends, 'question-answering', 'f1', { maximumAnswerTokens: 30 }],
    [[tokens], 'embeddings', 'cosine', { pooling: 'mean', normalize: true }],
    [[tokens, vector], 'embeddings', 'cosine', { pooling: 'none' }],
    [[tokens, { ...vector, name: 'pooler_output' }], 'embeddings', 'cosine', { pooling: 'mean' }],
    [[{ name: 'logits', shape: ['batch', 52] }], 'text-classification', 'accuracy', { labels: 'labels.json' }],
    [[{ name: 'output', shape: ['batch', 2] }], 'text-classification', 'accuracy', { labels: 'labels.json' }],
    [[{ name: 'logits', shape: ['batch', 'length', 30522] }], 'text-classification', 'accuracy', {}],
  ])('with the outputs %j is for %s, and can be used as it is', (outputs, task, metric, settings) => {
    const approver = { name: 'Ana', email: 'ana@example.org' };
    const document = suggestedSpec({ engagement: 'e', client: 'C', approver, task: suggestedTask(outputs) });
    const parsed = parseSpec(document);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.spec).toMatchObject({ model: { task, ...settings }, quality: { metric } });
    expect(parsed.spec.package).toBe(task === 'text-classification' ? 'professional' : 'express');
  });
});
