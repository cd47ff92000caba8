import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('passes the toolkits’ own tests', { timeout: 300_000 }, () => {
  const { python } = loadConfig({});
  const { status, stdout, stderr } = spawnSync(
    python,
    ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test/toolkits'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    }
  );
  process.stdout.write(`${stdout.trim().split('\n').at(-1)}\n`);
  expect(status, stdout + stderr).toBe(0);
});
