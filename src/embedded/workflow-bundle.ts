import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { Config } from '../config.ts';
import { writeAtomically } from '../storage/atomic-write.ts';

/** What workflows are made of, but for types. */
const SOURCES = ['src/workflows', 'src/domain'];
const PACKAGES = 'node_modules/.package-lock.json';

/** The workflows as one file; it is made when a source has changed, which takes a worker's start several seconds. */
export async function workflowBundle({ root, environments }: Pick<Config, 'root' | 'environments'>): Promise<string> {
  const folder = join(environments, 'workflows');
  const path = join(folder, `${await hashOfSources(root)}.js`);
  if (existsSync(path)) return path;
  const workflowsPath = join(root, 'src/workflows/index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  await rm(folder, { recursive: true, force: true }); // those of earlier sources
  await writeAtomically(path, code);
  return path;
}

async function hashOfSources(root: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, PACKAGES)));
  for (const folder of SOURCES)
    for (const file of (await readdir(join(root, folder), { recursive: true })).sort())
      if (file.endsWith('.ts')) hash.update(`${folder}/${file}\n`).update(await readFile(join(root, folder, file)));
  return hash.digest('hex').slice(0, 16);
}
