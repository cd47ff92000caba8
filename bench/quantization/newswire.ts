import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSpecFile } from '../../src/cli/spec-file.ts';
import type { PreparedData } from '../../src/domain/artifact.ts';
import { preparationJob } from '../../src/domain/preparation-job.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { toolkit } from './search.ts';

const SPEC = fileURLToPath(new URL('../../examples/newswire/engagement.yaml', import.meta.url));
type Role = 'calibration' | 'selection' | 'train';

export interface Newswire {
  spec: Spec;
  model: string;
  roles: Record<Role, Omit<PreparedData, 'arrow'> & { path: string }>;
  /** The rows as the user gives them, JSON lines. */
  files: Record<Role, string>;
}

/**
 * The example's model and rows, prepared as its engagement does, or with every row filled up to 64 tokens; `most` is how
 * many rows of a role are taken, where that is fewer than there are.
 */
export async function newswire(
  folder: string,
  padding: 'none' | 'maximum',
  most: Partial<Record<Role, number>> = {}
): Promise<Newswire> {
  const { spec, files } = await readSpecFile(SPEC);
  if (!existsSync(files.model)) throw new Error(`${files.model} is not built yet: run \`npm run demo\` once`);
  const data = { ...files.data };
  for (const [role, count] of Object.entries(most))
    data[role] = thinned(data[role]!, join(folder, `${role}.jsonl`), count);
  const job = preparationJob(spec, { ...files, data });
  const { roles } = await toolkit<Pick<Newswire, 'roles'>>(folder, 'prepare', { ...job, padding });
  return { spec, model: files.model, roles, files: data as Newswire['files'] };
}

/** So many rows of a file, evenly spaced, as it may be sorted by class. */
function thinned(path: string, target: string, count: number): string {
  const rows = readFileSync(path, 'utf8').trimEnd().split('\n');
  const most = Math.min(count, rows.length);
  const kept = Array.from({ length: most }, (_, row) => rows[Math.floor((row * rows.length) / most)]);
  writeFileSync(target, `${kept.join('\n')}\n`);
  return target;
}
