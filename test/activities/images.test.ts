import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { ArtifactRef } from '../../src/domain/artifact.ts';
import type { Preparation, SourceFiles } from '../../src/domain/engagement.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { basisOf, judgeFromFiles } from '../../src/evidence/judge-candidate.ts';
import { compareLatency } from '../../src/inference/latency.ts';
import { predict } from '../../src/inference/predict.ts';
import { digits, run } from './digits.ts';

const { folder, artifacts, tools, made, prepared } = digits('images');
const options = { threads: 1 };

let right: number;
let spec: Spec;
let sources: SourceFiles;
let preparation: Preparation;

/** The documented example on real digits: the selection is a folder of each class, the other roles are files. */
beforeAll(async () => {
  const { model, roles, ...expected } = made<{ model: string; roles: object; right: number }>('images.py');
  right = expected.right;
  const change = (document: { model: { path: string }; data: object }) => {
    document.model.path = model;
    Object.assign(document.data, roles, { selection: join(folder, 'selection') });
  };
  ({ spec, sources, preparation } = await prepared('images.yaml', 'digits', change));
}, 60_000);

async function predicted(name: string, model: ArtifactRef): Promise<ArtifactRef> {
  const outPath = join(folder, `${name}.arrow`);
  const dataPath = artifacts.path(preparation.data.selection!.arrow);
  await predict({ modelPath: artifacts.path(model), dataPath, outPath, options });
  return artifacts.putFile(outPath);
}

it('prepares folders and files of images alike', () => {
  const { selection, calibration } = preparation.data;
  expect(selection).toMatchObject({ rows: 200, slices: {} });
  expect(Object.keys(selection!.classes)).toHaveLength(10);
  expect(calibration).toMatchObject({ rows: 120 });
  expect(sources.folders).toEqual(['selection']);
});

it('judges a quantized convolution network from its files, with slices that images have', async () => {
  const recipe: Recipe = {
    toolkit: 'onnxruntime',
    scheme: 'int8-static',
    calibration: { role: 'calibration', rows: 120, method: 'minmax' },
  };
  const { calibration, selection } = preparation.data;
  const { quantized } = await run(tools.quantizeCandidate, { spec, recipe, sources, calibration, selection });
  const [baselinePath, candidatePath] = [sources.model, quantized.model].map((ref) => artifacts.path(ref));
  const dataPath = artifacts.path(selection!.arrow);
  const rounds = await compareLatency({
    ...{ baselinePath: baselinePath!, candidatePath: candidatePath!, dataPath, options },
    ...{ rounds: 16, blocks: 8, warmup: 1, seed: 1 },
  });
  const judged = await judgeFromFiles(
    basisOf({
      spec,
      role: 'selection',
      scheme: recipe.scheme,
      data: selection!,
      predictions: {
        baseline: { arrow: await predicted('fp32', sources.model) },
        candidate: { arrow: await predicted('int8', quantized.model) },
      },
      trial: { latency: { rounds: await artifacts.putJson(rounds) }, quantized },
      baseline: { sizeBytes: sources.model.bytes },
    }),
    artifacts
  );
  expect(judged.baseline.accuracy).toBeCloseTo(right / 200, 12); // by NumPy, without ONNX Runtime
  expect(quantized.coverage).toMatchObject({ integer: 2, float: 0 });
  expect(Math.abs(judged.figures.accuracyDrop)).toBeLessThan(0.05);
  expect(judged.figures.accuracy).toBeGreaterThan(0.9);
  expect(judged.figures.hardExamples!.map(({ name }) => name)).toEqual([
    'margin=lowest',
    'contrast=lowest',
    'class=rarest',
  ]);
}, 60_000);
