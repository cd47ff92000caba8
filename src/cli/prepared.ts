import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runToolkit } from '../activities/toolkit-process.ts';
import { loadConfig } from '../config.ts';
import type { SpecFile } from './spec-file.ts';

interface Prepared {
  /** Files by role, as the engagement would have them. */
  roles: Record<'selection', { path: string }>;
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
  const toolkit = <R>(verb: string, job: object) =>
    runToolkit<R>({
      python: loadConfig().python,
      toolkit: 'onnxruntime',
      verb,
      job: { ...job, outputFolder: folder },
      signal: abort.signal,
      stderrPath: join(folder, `${verb}.log`),
    });
  try {
    const { maxLength, padding, labels } = spec.model;
    const { roles } = await toolkit<Pick<Prepared, 'roles'>>('prepare', {
      model: { path: files.model },
      tokenizer: files.tokenizer,
      maxLength,
      padding,
      labels,
      columns: spec.data.columns,
      roles: files.data,
      slices: spec.slices,
    });
    return await work({ roles, folder, toolkit, signal: abort.signal });
  } finally {
    process.removeListener('SIGINT', stop);
    await rm(folder, { recursive: true, force: true });
  }
}
