import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { givenUpKey, keyOf, type TrialIngredients } from '../../src/activities/trial-key.ts';
import type { PreparedData } from '../../src/domain/artifact.ts';
import type { QualitySpec } from '../../src/domain/spec.ts';
import { hostFingerprint, instructionSets } from '../../src/inference/fingerprint.ts';
import { ArtifactStore } from '../../src/storage/artifacts.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const folder = await mkdtemp(join(tmpdir(), 'stepdown-key-'));
const artifacts = new ArtifactStore(join(folder, 'artifacts'));

/** A fixture as it is, or with one bit of one byte turned. */
async function stored(name: string, changedByte?: number) {
  const bytes = await readFile(`${FIXTURES}${name}`);
  if (changedByte !== undefined) bytes[changedByte]! ^= 1;
  const copy = join(folder, `copy-${name}`);
  await writeFile(copy, bytes);
  return artifacts.putFile(copy);
}

const data = async (changedByte?: number): Promise<PreparedData> => ({
  arrow: await stored('rows.arrow', changedByte),
  rows: 6,
  rowsSha256: 'r',
  tokenizerSha256: 't',
  classes: {},
  slices: {},
});

const base: TrialIngredients = {
  model: await stored('classifier.onnx'),
  recipe: {
    toolkit: 'onnxruntime',
    scheme: 'int8-static',
    calibration: { role: 'calibration', rows: 6, method: 'minmax' },
    options: { perChannel: true },
  },
  calibration: await data(),
  selection: await data(),
  probe: { versions: { onnxruntime: '1.30.0' }, instructionSets: ['avx2', 'avx512_vnni'], gpu: null },
  host: await hostFingerprint(),
  options: { threads: 1, provider: 'cpu', spinning: false },
};
const { probe, host, recipe } = base;

const changes: [string, Partial<TrialIngredients>][] = [
  ['a bit of a weight', { model: await stored('classifier.onnx', 600) }],
  ['a bit of a row to evaluate', { selection: await data(700) }],
  ['a bit of a calibration row', { calibration: await data(700) }],
  ['the tokenizer', { selection: { ...base.selection, tokenizerSha256: 'other' } }],
  ['the evaluator', { selection: { ...base.selection, evaluator: { files: base.model, entryPoint: 'a:b' } } }],
  ['an option', { recipe: { ...recipe, options: { perChannel: false } } }],
  ['a layer kept in FP32', { recipe: { ...recipe, exclude: ['logits'] } }],
  ['the number of calibration rows', { recipe: { ...recipe, calibration: { ...recipe.calibration!, rows: 5 } } }],
  ['the version of a tool', { probe: { ...probe, versions: { onnxruntime: '1.30.1' } } }],
  ['an instruction set of the quantizing host', { probe: { ...probe, instructionSets: ['avx2'] } }],
  ['an instruction set of the measuring host', { host: { ...host, instructionSets: instructionSets('flags: avx2') } }],
  ['the runtime that measures', { host: { ...host, onnxruntime: '1.30.1' } }],
  ['the GPU', { host: { ...host, gpu: 'NVIDIA L4' } }],
  ['the number of threads', { options: { ...base.options, threads: 2 } }],
  ['spinning', { options: { ...base.options, spinning: true } }],
];

it.each(changes)('another trial: %s', (_, change) => {
  expect(keyOf({ ...base, ...change })).not.toBe(keyOf(base));
});

it('the same trial: equal ingredients in another order, and calibration data that the recipe does not use', async () => {
  const reordered = Object.fromEntries(Object.entries(base).reverse()) as unknown as TrialIngredients;
  expect(keyOf(reordered)).toBe(keyOf(base));
  const dynamic: TrialIngredients = { ...base, recipe: { toolkit: 'onnxruntime', scheme: 'int8-dynamic' } };
  expect(keyOf({ ...dynamic, calibration: await data(700) })).toBe(keyOf(dynamic));
});

it.each(['minimumIntegerCoverage', 'maximumSizeMb', 'minimumSpeedup'])(
  'another requirement, tried again: %s',
  (name) => {
    const quality = { minimumIntegerCoverage: 0.9, maximumSizeMb: 12, minimumSpeedup: 0.5 } as QualitySpec;
    expect(givenUpKey('trial', { ...quality, [name]: 0.4 })).not.toBe(givenUpKey('trial', quality));
  }
);
