import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evaluator } from '../domain/artifact.ts';
import { ModelOutputInvalid } from '../inference/errors.ts';
import type { Outputs, Scorer } from '../inference/predict.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import { layOut } from './export-job.ts';
import { filesOf } from './toolkit-folder.ts';
import { runToolkit } from './toolkit-process.ts';

interface ScorerInput {
  artifacts: ArtifactStore;
  python: string;
  evaluator: Evaluator;
  /** The prepared rows. */
  dataPath: string;
  /** A folder that is not there yet; gone afterwards. */
  scratch: string;
  signal: AbortSignal;
}

/** Lays out a person's evaluator and runs it on what a model answers, each time in a process of its own. */
export async function withScorer<T>(input: ScorerInput, work: (score: Scorer) => Promise<T>): Promise<T> {
  const { artifacts, python, evaluator, dataPath, scratch, signal } = input;
  const { files, entryPoint } = evaluator;
  const folder = join(scratch, 'evaluator');
  const outputsPath = join(scratch, 'outputs.bin');
  await mkdir(folder, { recursive: true });
  try {
    await layOut(await filesOf(artifacts, files), folder);
    return await work(async ({ start, outputs }) => {
      const { bytes, rows } = packed(outputs);
      await writeFile(outputsPath, bytes);
      const job = { evaluator: { folder, entryPoint }, data: dataPath, start, outputs: { path: outputsPath, rows } };
      const { scores } = await runToolkit<{ scores: number[] }>({
        ...{ python, toolkit: 'onnxruntime', verb: 'evaluate', job, signal },
        stderrPath: join(scratch, 'stderr.log'),
      });
      return scores;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** All tensors one after the other, and where each lies. */
function packed(outputs: Outputs[]) {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const rows = outputs.map((ofRow) =>
    Object.entries(ofRow).map(([name, { type, dims, data }]) => {
      if (Array.isArray(data)) throw new ModelOutputInvalid(`output '${name}' is text; an evaluator is given numbers`);
      parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      const at = offset;
      offset += data.byteLength;
      return { name, type, dims, offset: at };
    })
  );
  return { bytes: Buffer.concat(parts), rows };
}
