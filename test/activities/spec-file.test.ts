import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { problemLines, readSpecFile } from '../../src/cli/spec-file.ts';
import type { SpecProblem } from '../../src/domain/spec-problems.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { specDocument } from '../workflows/fakes.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-spec-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeSmallEngagement(folder);

const roles = ['calibration', 'selection', 'holdout', 'production'];
const { model } = specDocument('given');
const whole = {
  model: { ...model, path: 'model.onnx', tokenizer: 'tokenizer.json', labels: 'labels.json' },
  data: Object.fromEntries(roles.map((role) => [role, `data/${role}.jsonl`])),
};

function read(changes: Record<string, unknown>) {
  const path = join(folder, 'engagement.yaml');
  writeFileSync(path, stringify(specDocument('read', { ...whole, ...changes })));
  return readSpecFile(path);
}

function problemsOf(changes: Record<string, unknown>): string {
  try {
    read(changes);
  } catch (error) {
    return problemLines((error as { details: { problems: SpecProblem[] } }).details.problems);
  }
  return '';
}

it('has absolute places and the labels of the file', () => {
  const { files, spec } = read({});
  expect(files).toMatchObject({ model: join(folder, 'model.onnx'), tokenizer: join(folder, 'tokenizer.json') });
  expect(files.data.holdout).toBe(join(folder, 'data/holdout.jsonl'));
  expect(spec.model).toMatchObject({ labels: ['zero', 'one', 'two', 'three'] });
});

it('names files that are missing beside mistakes of shape, with the file that was meant', () => {
  const said = problemsOf({
    model: { ...whole.model, path: 'modell.onnx', labels: 'nowhere.json', maxLength: 0 },
    data: { ...whole.data, holdout: 'data/hold-out.jsonl', selection: 7 },
    economics: { traffic: 'week.csv', hardware: 'c6id.2xlarge' },
    packages: 'express',
  });
  expect(said.split('\n')).toEqual([
    '  model.maxLength: 0: must be at least 1',
    '  data.selection: 7: must be a text',
    '  packages: "express": is not a known key; did you mean package?',
    `  model.path: "modell.onnx": there is no file ${folder}/modell.onnx; did you mean model.onnx?`,
    `  data.holdout: "data/hold-out.jsonl": there is no file ${folder}/data/hold-out.jsonl; did you mean data/holdout.jsonl?`,
    `  model.labels: "nowhere.json": there is no file ${folder}/nowhere.json`,
    `  economics.traffic: "week.csv": there is no file ${folder}/week.csv`,
  ]);
});

it.each([
  [{ ...whole.model, path: '.' }, 'model.path: ".": is a folder; give the ONNX file'],
  [{ ...whole.model, kind: 'huggingface' }, 'model.path: "model.onnx": is a file; kind huggingface takes its folder'],
  [{ ...whole.model, labels: 'tokenizer.json' }, 'model.labels: "tokenizer.json": must hold a JSON list of'],
  [{ ...whole.model, labels: 'data' }, 'model.labels: "data": must hold a JSON list of'],
])('refuses %j by its file', (model, message) => {
  expect(problemsOf({ model })).toContain(message);
});
