import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lap, lapOf } from '../domain/lap.ts';
import { describeOptions } from '../domain/measurement.ts';
import { LATENCY } from '../domain/measurement-plan.ts';
import { sessionOptionsOf } from '../domain/spec.ts';
import { readDataset } from '../inference/dataset.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { compareLatency } from '../inference/latency.ts';
import { predict } from '../inference/predict.ts';
import { readPredictions } from '../inference/predictions.ts';
import { withPrepared } from './prepared.ts';
import type { SpecFile } from './spec-file.ts';

/** Quantizes the model to INT8 and runs both on the selection rows; nothing of it is kept. Takes minutes. */
export async function int8Lap(file: SpecFile, tell: (step: string) => void): Promise<Lap> {
  tell(file.files.folder ? 'exporting the model to ONNX and preparing the data' : 'preparing the data');
  return withPrepared(file, async ({ model, roles, folder, toolkit, signal }) => {
    tell('quantizing to INT8');
    const recipe = { toolkit: 'onnxruntime', scheme: 'int8-dynamic' };
    const { path: candidate } = await toolkit<{ path: string }>('quantize', { model, recipe });

    const run = { dataPath: roles.selection.path, options: sessionOptionsOf(file.spec), signal };
    const answersOf = async (name: string, modelPath: string) => {
      tell(`answering every selection row in ${name}`);
      const outPath = join(folder, `${name}.arrow`);
      await predict({ ...run, modelPath, outPath });
      return readPredictions(outPath).top1;
    };
    const baseline = await answersOf('FP32', model);
    const answers = await answersOf('INT8', candidate);

    const rounds = await compareLatency({
      baselinePath: model,
      candidatePath: candidate,
      ...LATENCY,
      ...run,
      onProgress: ({ done, total }) => {
        if (done % 20 === 0) tell(`timing FP32, FP32 again and INT8: ${done} of ${total}`);
      },
    });
    const sizes = await Promise.all([stat(candidate), stat(model)]);
    const { cpuModel, cores } = await hostFingerprint();
    const { labels: truth } = readDataset(run.dataPath, []);
    return lapOf({
      rounds,
      outcomes: { labels: truth, baseline, candidate: answers },
      sizeRatio: sizes[0].size / sizes[1].size,
      host: `${cpuModel}, ${cores} cores; ${describeOptions(run.options)}`,
    });
  });
}
