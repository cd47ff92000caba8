import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '../domain/artifact.ts';
import type { ToolkitName } from '../domain/toolkits.ts';
import type { ArtifactStore } from '../storage/artifacts.ts';
import type { Journal } from '../storage/journal.ts';
import type { Ledger } from '../storage/ledger.ts';
import { whileBeating } from './heartbeat.ts';
import { permanentIfRepeated } from './model-fault.ts';
import { doubt, type Pythons, pythonOf } from './toolkit-environment.ts';
import { runToolkit } from './toolkit-process.ts';

export interface ToolkitFolder extends Pythons {
  workFolder: string;
}

export interface ToolkitDependencies extends ToolkitFolder {
  artifacts: ArtifactStore;
  ledger: Ledger;
  journalOf: (engagement: string) => Journal;
}

/**
 * Runs one verb in a folder of its own, which is gone afterwards, whatever happened. `job` may need what the attempt
 * before told last.
 */
export async function runInFolder<Output, T>(
  { workFolder, ...pythons }: ToolkitFolder,
  { toolkit, verb, job }: { toolkit: ToolkitName; verb: string; job: object | ((told: unknown) => object) },
  keep: (output: Output) => Promise<T>
): Promise<T> {
  const outputFolder = join(workFolder, randomUUID());
  await mkdir(outputFolder, { recursive: true });
  try {
    return await whileBeating(async (onProgress, signal, told) => {
      const asked = typeof job === 'function' ? job(told) : job;
      const stderrPath = join(outputFolder, 'stderr.log');
      const python = await pythonOf(toolkit, pythons, { signal, onProgress, stderrPath });
      const options = { python, toolkit, verb, signal, onProgress, stderrPath };
      return keep(await runToolkit<Output>({ ...options, job: { ...asked, outputFolder } }));
    });
  } catch (error) {
    doubt(toolkit, pythons);
    throw permanentIfRepeated(error);
  } finally {
    await rm(outputFolder, { recursive: true, force: true });
  }
}

/** The files of a folder by their places in it, from the list of them in the artifact store. */
export async function filesOf(artifacts: ArtifactStore, list: ArtifactRef): Promise<Record<string, string>> {
  const refs = Object.entries(await artifacts.readJson<Record<string, ArtifactRef>>(list));
  const verified = refs.map(async ([place, ref]) => [place, await artifacts.verified(ref)] as const);
  return Object.fromEntries(await Promise.all(verified));
}
