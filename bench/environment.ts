import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The Python of a peer's requirements file, its environment made when first needed. */
export async function environment(requirements: string): Promise<string> {
  const setup = [join(ROOT, 'scripts/setup.mjs'), '--environment', requirements];
  const child = spawn(process.execPath, setup, { stdio: ['ignore', 2, 2] }); // stdout is for the figures
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the environment of ${requirements} could not be made; what failed stands above`);
  return join(ROOT, '.tools', basename(requirements, '.txt'), 'bin/python');
}
