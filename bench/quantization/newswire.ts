import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readSpecFile } from '../../src/cli/spec-file.ts';
import type { PreparedData } from '../../src/domain/artifact.ts';
import { preparationJob } from '../../src/domain/preparation-job.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { toolkit } from './search.ts';

const SPEC = fileURLToPath(new URL('../../examples/newswire/engagement.yaml', import.meta.url));

export interface Newswire {
  spec: Spec;
  model: string;
  roles: Record<'calibration' | 'selection', Omit<PreparedData, 'arrow'> & { path: string }>;
}

/** The example's model and rows, prepared as its engagement does, or with every row filled up to 64 tokens. */
export async function newswire(folder: string, padding: 'none' | 'maximum'): Promise<Newswire> {
  const { spec, files } = await readSpecFile(SPEC);
  if (!existsSync(files.model)) throw new Error(`${files.model} is not built yet: run \`npm run demo\` once`);
  const job = preparationJob(spec, files);
  const { roles } = await toolkit<Pick<Newswire, 'roles'>>(folder, 'prepare', { ...job, padding });
  return { spec, model: files.model, roles };
}
