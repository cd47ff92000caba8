import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { processIdentity } from '../../src/storage/process-identity.ts';
import { makeScratchFolder } from '../../src/storage/scratch-folder.ts';

it('removes what killed processes left, and nothing of those that live', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stepdown-scratch-'));
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const { pid, startedAt } = processIdentity(child.pid!);
  const alive = `${hostname()}@${pid}-${startedAt}`;
  const reused = `${hostname()}@${pid}-1`;
  for (const name of [alive, reused, 'elsewhere@7-70', 'abandoned@7-70', 'training'])
    await mkdir(join(folder, name, 'models'), { recursive: true });
  await writeFile(join(folder, reused, 'models', 'candidate.onnx'), 'x');
  await utimes(join(folder, 'abandoned@7-70'), new Date(0), new Date(0));

  const own = await makeScratchFolder(folder);
  expect((await readdir(folder)).sort()).toEqual([alive, basename(own), 'elsewhere@7-70', 'training'].sort());

  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await makeScratchFolder(folder)).toBe(own);
  expect((await readdir(folder)).sort()).toEqual([basename(own), 'elsewhere@7-70', 'training'].sort());
});
