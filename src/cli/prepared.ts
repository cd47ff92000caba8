import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJob, layOut } from '../activities/export-job.ts';
import { runToolkit } from '../activities/toolkit-process.ts';
import { loadConfig } from '../config.ts';
import type { DataRole, PreparedData } from '../domain/artifact.ts';
import type { Preparation } from '../domain/engagement.ts';
import { preparationJob } from '../domain/preparation-job.ts';
import type { SpecFile } from './spec-file.ts';

interface Prepared {
  /** The ONNX file: the specification's, or what its folder was exported to. */
  model: string;
  /** Of that file. */
  facts: Preparation['model'];
  /** By role, as the engagement would have them. */
  roles: Record<Exclude<DataRole, 'train'>, Omit<PreparedData, 'arrow'> & { path: string }>;
  /** Gone when the work ends. */
  folder: string;
  toolkit<T>(verb: string, job: object): Promise<T>;
  /** Ctrl-C aborts it. */
  signal: AbortSignal;
}

/** Prepares the data of a specification for work outside an engagement; nothing of it is kept. */
export async function withPrepared<T>({ spec, files }: SpecFile, work: (prepared: Prepared) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-prepared-'));
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('interrupted; nothing is kept'));
  process.once('SIGINT', stop);
  const run = <R>(toolkit: string, verb: string, job: object) =>
    runToolkit<R>({
      python: loadConfig().python,
      toolkit,
      verb,
      job: { ...job, outputFolder: folder },
      signal: abort.signal,
      stderrPath: join(folder, `${verb}.log`),
    });
  const toolkit = <R>(verb: string, job: object) => run<R>('onnxruntime', verb, job);
  const onnxFile = async () => {
    if (!files.folder) return files.model;
    const path = join(folder, 'source');
    await layOut(files.folder, path);
    return (await run<{ path: string }>('pytorch', 'export', exportJob(spec, path))).path;
  };
  try {
    const model = await onnxFile();
    const job = preparationJob(spec, { ...files, model });
    const output = await toolkit<{ model: Prepared['facts'] } & Pick<Prepared, 'roles'>>('prepare', job);
    const { model: facts, roles } = output;
    return await work({ model, facts, roles, folder, toolkit, signal: abort.signal });
  } finally {
    process.removeListener('SIGINT', stop);
    await rm(folder, { recursive: true, force: true });
  }
}
