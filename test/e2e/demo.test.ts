import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseSpec } from '../../src/domain/spec.ts';

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
      expect(stderr).toBe(
        `--example ${name}: there is no such example; give one of newswire, newswire-conv, newswire-small\n`
      );
    }
    expect(readdirSync(ROOT)).toEqual(before);
  });

  it.each(['newswire', 'newswire-conv', 'newswire-small'])(
    'has the example %s, whose specification has rows to train on',
    (name) => {
      const parsed = parseSpec(parse(readFileSync(`${ROOT}/examples/${name}/engagement.yaml`, 'utf8')));
      expect(parsed).not.toHaveProperty('problems');
      expect(parsed).toHaveProperty('spec.data.train');
    }
  );
});
