import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from './atomic-write.ts';

/** Finished measurements by key: what is in here is never measured again. */
export class Ledger {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async find<T>(key: string): Promise<T | undefined> {
    const text = await readFile(this.path(key), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** Records a finished measurement whole; the first one recorded under a key stays. */
  async record<T extends { key: string }>(trial: T): Promise<T> {
    await mkdir(this.folder, { recursive: true });
    const present = await this.find<T>(trial.key);
    if (present) return present;
    await writeAtomically(this.path(trial.key), `${JSON.stringify(trial, null, 1)}\n`);
    return trial;
  }

  private path(key: string): string {
    return join(this.folder, `${key}.json`);
  }
}
