import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { exportJob, layOut } from '../activities/export-job.ts';
import { runToolkit } from '../activities/toolkit-process.ts';
import { loadConfig } from '../config.ts';
import type { DataRole, PreparedData } from '../domain/artifact.ts';
import { dataChecks } from '../domain/data-checks.ts';
import type { Preparation } from '../domain/engagement.ts';
import { FailureType } from '../domain/errors.ts';
import { preparationJob } from '../domain/preparation-job.ts';
import type { Check } from '../domain/verdict.ts';
import { NotAvailable } from './errors.ts';
import { notChecked } from './not-checked.ts';
import { mistaken, type SpecFile } from './spec-file.ts';

export interface Prepared {
  /** The ONNX file: the specification's, or what its folder was exported to. */
  model: string;
  /** Of that file. */
  facts: Preparation['model'];
  /** By role, as the engagement would have them. */
  roles: Record<Exclude<DataRole, 'train'>, Omit<PreparedData, 'arrow'> & { path: string }>;
  /** Gone when the work ends. */
  folder: string;
  toolkit<T>(verb: string, job: object): Promise<T>;
  /** Ctrl-C and the end of the server abort it. */
  signal: AbortSignal;
}

const IN_WORDS: Record<string, string> = { export: 'exporting the model', prepare: 'checking model and rows' };

let last: Promise<unknown> = Promise.resolve();
const ending = new AbortController();

const interrupted = () => new NotAvailable('interrupted; nothing was started and nothing is kept', 'run it again');

/**
 * Prepares the data of a specification for work outside an engagement; nothing of it is kept. Refuses model and rows
 * that an engagement would refuse, with all that is wrong with them. One at a time in a process: each loads a model and
 * all rows, and a server is asked by many.
 */
export function withPrepared<T>(
  file: SpecFile,
  work: (prepared: Prepared) => Promise<T>,
  onProgress?: (line: string) => void
): Promise<T> {
  const turn = last.then(() => prepared(file, work, onProgress));
  last = turn.catch(() => {});
  return turn;
}

/** Ends the work that runs and refuses what waits its turn, for good; resolves once no folder of it is left. */
export async function endPreparing(): Promise<void> {
  ending.abort(interrupted());
  await last;
}

async function prepared<T>(
  { spec, files }: SpecFile,
  work: (prepared: Prepared) => Promise<T>,
  onProgress?: (line: string) => void
): Promise<T> {
  ending.signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-prepared-')).catch(refused);
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, ending.signal]);
  const stop = () => abort.abort(interrupted());
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const run = <R>(toolkit: string, verb: string, job: object) =>
    runToolkit<R>({
      python: loadConfig().python,
      toolkit,
      verb,
      job: { ...job, outputFolder: folder },
      signal,
      stderrPath: join(folder, `${verb}.log`),
      onProgress: ({ stage, done, total }) => onProgress?.(`${IN_WORDS[verb] ?? verb}: ${stage} ${done}/${total}`),
    });
  const toolkit = <R>(verb: string, job: object) => run<R>('onnxruntime', verb, job);
  const onnxFile = async () => {
    if (!files.folder) return files.model;
    const path = join(folder, 'source');
    await layOut(files.folder, path);
    return (await run<{ path: string }>('pytorch', 'export', exportJob(spec, path))).path;
  };
  try {
    const model = await onnxFile().catch(refused);
    const job = preparationJob(spec, { ...files, model });
    const output = await toolkit<{ model: Prepared['facts'] } & Pick<Prepared, 'roles'>>('prepare', job).catch(refused);
    const { model: facts, roles } = output;
    return await work({ model, facts, roles, folder, toolkit, signal });
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What of the rows a person will be asked about at the first gate; throws where model and rows cannot be used. */
export const checkRows = (file: SpecFile, onProgress?: (line: string) => void): Promise<Check[]> =>
  withPrepared(file, async ({ roles }) => dataChecks(file.spec, { data: roles }), onProgress);

/** What the toolkit refused, by the fields of the specification; else what kept it from looking. */
function refused(error: unknown): never {
  if (!(error instanceof ApplicationFailure) || error.type !== FailureType.BadRequest) throw notChecked(error);
  const [details] = (error.details ?? []) as { problems?: { field: string; value: unknown; message: string }[] }[];
  const problems = (details?.problems ?? []).map(({ field, ...problem }) => ({
    ...problem,
    path: field.replace(/^columns\./, 'data.columns.'),
  }));
  throw mistaken('model and data have', 'nothing was started', problems, 'correct the files and run the command again');
}
