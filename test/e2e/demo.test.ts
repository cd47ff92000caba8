import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const demo = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/demo.ts', ...args], { cwd: ROOT, encoding: 'utf8' });

describe('the demo', () => {
  it('refuses an example that is not there, names those that are, and starts nothing', () => {
    const before = readdirSync(ROOT);
    for (const name of ['newswire-tiny', '../examples/newswire', '']) {
      const { status, stdout, stderr } = demo('--yes', `--example=${name}`);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toBe(`--example ${name}: there is no such example; give one of newswire\n`);
    }
    expect(readdirSync(ROOT)).toEqual(before);
  });
});
