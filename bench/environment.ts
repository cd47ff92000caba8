import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A peer's Python, made when first needed; its stamp is written last, and what has none is made anew. */
export async function environment(requirements: string): Promise<string> {
  const name = basename(requirements, '.txt');
  const folder = join(ROOT, '.tools', name);
  const python = join(folder, 'bin/python');
  const stamp = join(folder, '.stepdown-setup');
  const wanted = createHash('sha256').update(readFileSync(requirements)).update(folder).digest('hex');
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.error(`installing ${name} for the comparison`);
  rmSync(stamp, { force: true });
  rmSync(folder, { recursive: true, force: true });
  const run = promisify(execFile);
  await run(join(ROOT, '.tools/core/bin/python'), ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-r', requirements]);
  writeFileSync(stamp, wanted);
  return python;
}
