import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Spec } from '../domain/spec.ts';

/** What the toolkit's verb `export` is asked of a model in a folder. */
export const exportJob = ({ model: { kind, task, entryPoint } }: Spec, path: string) => ({
  kind,
  path,
  task,
  entryPoint,
});

/** The model's files by their places, as links in a folder where tools may leave what they like. */
export async function layOut(files: Record<string, string>, folder: string): Promise<void> {
  for (const [place, file] of Object.entries(files)) {
    const path = join(folder, place);
    await mkdir(dirname(path), { recursive: true });
    await symlink(resolve(file), path);
  }
}
