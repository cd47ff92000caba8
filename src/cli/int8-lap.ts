import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runToolkit } from '../activities/toolkit-process.ts';
import { loadConfig } from '../config.ts';
import { type Lap, lapOf } from '../domain/lap.ts';
import { describeOptions } from '../domain/measurement.ts';
import { sessionOptionsOf } from '../domain/spec.ts';
import { readDataset } from '../inference/dataset.ts';
import { hostFingerprint } from '../inference/fingerprint.ts';
import { compareLatency } from '../inference/latency.ts';
import { predict } from '../inference/predict.ts';
import { readPredictions } from '../inference/predictions.ts';
import type { SpecFile } from './spec-file.ts';

const LATENCY = { rounds: 200, blocks: 8, warmup: 5, seed: 1 };

/** Quantizes the model to INT8 and runs both on the selection rows; nothing of it is kept. Takes minutes. */
export async function int8Lap({ spec, files }: SpecFile, tell: (step: string) => void): Promise<Lap> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-lap-'));
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('interrupted; nothing is kept'));
  process.once('SIGINT', stop);
  const toolkit = <T>(verb: string, job: object) =>
    runToolkit<T>({
      python: loadConfig().python,
      toolkit: 'onnxruntime',
      verb,
      job: { ...job, outputFolder: folder },
      signal: abort.signal,
      stderrPath: join(folder, `${verb}.log`),
    });
  try {
    tell('preparing the data');
    const { maxLength, padding, labels } = spec.model;
    const { roles } = await toolkit<{ roles: { selection: { path: string } } }>('prepare', {
      model: { path: files.model },
      tokenizer: files.tokenizer,
      maxLength,
      padding,
      labels,
      columns: spec.data.columns,
      roles: files.data,
      slices: spec.slices,
    });
    tell('quantizing to INT8');
    const recipe = { toolkit: 'onnxruntime', scheme: 'int8-dynamic' };
    const { path: candidate } = await toolkit<{ path: string }>('quantize', { model: files.model, recipe });

    const run = { dataPath: roles.selection.path, options: sessionOptionsOf(spec), signal: abort.signal };
    const answersOf = async (name: string, modelPath: string) => {
      tell(`answering every selection row in ${name}`);
      const outPath = join(folder, `${name}.arrow`);
      await predict({ ...run, modelPath, outPath });
      return readPredictions(outPath).top1;
    };
    const baseline = await answersOf('FP32', files.model);
    const answers = await answersOf('INT8', candidate);

    const rounds = await compareLatency({
      baselinePath: files.model,
      candidatePath: candidate,
      ...LATENCY,
      ...run,
      onProgress: ({ done, total }) => {
        if (done % 20 === 0) tell(`timing FP32, FP32 again and INT8: ${done} of ${total}`);
      },
    });
    const sizes = await Promise.all([stat(candidate), stat(files.model)]);
    const { cpuModel, cores } = await hostFingerprint();
    const { labels: truth } = readDataset(run.dataPath, []);
    return lapOf({
      rounds,
      outcomes: { labels: truth, baseline, candidate: answers },
      sizeRatio: sizes[0].size / sizes[1].size,
      host: `${cpuModel}, ${cores} cores; ${describeOptions(run.options)}`,
    });
  } finally {
    process.removeListener('SIGINT', stop);
    await rm(folder, { recursive: true, force: true });
  }
}
