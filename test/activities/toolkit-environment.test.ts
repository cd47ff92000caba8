import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { doubt, pythonOf } from '../../src/activities/toolkit-environment.ts';
import { loadConfig } from '../../src/config.ts';

const REQUIREMENTS = fileURLToPath(new URL('../../toolkits/environments/optimum.txt', import.meta.url));
const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
const CHECK = /"state":"(\w+)"/;
const run = promisify(execFile);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'environment-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('makes an environment, tells a half-broken one and makes it anew', { timeout: 120_000 }, async () => {
  const { python } = loadConfig({});
  const env = { ...process.env, STEPDOWN_PYTHON: python };
  // pip comes with every environment, so that nothing is fetched
  const { stdout: pip } = await run(python, ['-c', 'import ensurepip; print(ensurepip.version())']);
  const requirements = join(folder, 'tiny.txt');
  await writeFile(requirements, `pip==${pip.trim()}\n`);
  const setup = async (...options: string[]) =>
    (await run(process.execPath, [SETUP, '--environment', requirements, '--folder', folder, ...options], { env }))
      .stdout;
  const state = async () => CHECK.exec(await setup('--check'))![1];

  expect(await state()).toBe('missing');
  expect(await setup()).toContain('✓ tiny environment');
  expect(await state()).toBe('installed');
  expect(await setup()).toContain('up to date');

  const packages = join(folder, 'tiny/lib/python3.11/site-packages');
  const module = join(packages, 'pip/__main__.py');
  const compiled = 'pip/__pycache__/__main__.cpython-311.pyc,sha256=none,1\n'; // some wheels list theirs with a size
  await appendFile(join(packages, `pip-${pip.trim()}.dist-info/RECORD`), compiled);
  expect(await state()).toBe('installed');
  const before = await readFile(module, 'utf8');
  await appendFile(module, '\n# half written');
  expect(await setup('--check')).toMatch(/"state":"broken","why":"pip: pip\/__main__.py is damaged or missing"/);
  expect(await setup()).toMatch(/broken and is made anew/);
  expect(await readFile(module, 'utf8')).toBe(before);

  await rm(join(folder, 'tiny/.stepdown-setup')); // as a set-up that was killed leaves it
  expect(await state()).toBe('broken');
});

it('says why an environment cannot be made and what to do, and leaves none that passes for finished', async () => {
  const python = join(folder, 'python');
  const script = 'case "$*" in *ensurepip*) echo version=3.11;; *) echo "No space left on device" >&2; exit 1;; esac';
  await writeFile(python, `#!/bin/bash\n${script}\n`);
  await chmod(python, 0o755);
  const stages: string[] = [];
  const made = pythonOf(
    'optimum',
    { python, environments: folder },
    {
      signal: new AbortController().signal,
      stderrPath: join(folder, 'log'),
      onProgress: ({ stage }) => stages.push(stage),
    }
  );
  await expect(made).rejects.toThrow(
    /toolkit optimum could not be made: ✗ optimum environment: python ended with exit 1 No space left.*what to do:.*npm run setup -- --environment optimum/
  );
  expect(stages.length).toBeGreaterThan(0);
  expect(existsSync(join(folder, 'optimum/.stepdown-setup'))).toBe(false);
});

it('looks at the files of an environment once, and again when its toolkit has failed', async () => {
  const place = join(folder, 'optimum');
  const python = join(place, 'bin/python');
  const calls = join(folder, 'calls');
  await mkdir(join(place, 'bin'), { recursive: true });
  await writeFile(python, `#!/bin/bash\necho "$*" >> ${calls}\n`); // finds no fault
  await chmod(python, 0o755);
  const stamp = [await readFile(REQUIREMENTS, 'utf8'), place];
  await writeFile(join(place, '.stepdown-setup'), createHash('sha256').update(JSON.stringify(stamp)).digest('hex'));
  const pythons = { python: loadConfig({}).python, environments: folder };
  const run = { signal: new AbortController().signal, stderrPath: join(folder, 'log') };
  const looks = async () => (await readFile(calls, 'utf8')).trim().split('\n').length;

  expect(await pythonOf('optimum', pythons, run)).toBe(python);
  expect(await pythonOf('optimum', pythons, run)).toBe(python);
  expect(await looks()).toBe(1);
  doubt('optimum', pythons);
  expect(await pythonOf('optimum', pythons, run)).toBe(python);
  expect(await looks()).toBe(2);
});
