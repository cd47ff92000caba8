import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as workflows from '../../src/workflows/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /^(src|scripts|bench|toolkits|web|examples|test)\/.*\.(ts|tsx|mjs|py)$/.test(path))
  .filter((path) => existsSync(ROOT + path));
const linesOf = (path: string) => readFileSync(ROOT + path, 'utf8').split('\n').length - 1;

describe('the source', () => {
  it('has no file over 400 lines', () => {
    expect(tracked.filter((path) => linesOf(path) > 400)).toEqual([]);
  });

  it.each(Object.keys(workflows))('keeps the %s workflow between 40 and 250 lines', (name) => {
    const lines = linesOf(`src/workflows/${name}.ts`);
    expect(lines).toBeGreaterThanOrEqual(40);
    expect(lines).toBeLessThanOrEqual(250);
  });

  it('skips and singles out no test', () => {
    const guilty = tracked.filter(
      (path) =>
        path.endsWith('.test.ts') && /\b(it|test|describe)\.(skip|only|todo)\b/.test(readFileSync(ROOT + path, 'utf8'))
    );
    expect(guilty).toEqual([]);
  });

  it('names no machine of ours', () => {
    const guilty = tracked.filter((path) =>
      /["'`/](work|farm)\/(main|shared)\b/.test(readFileSync(ROOT + path, 'utf8'))
    );
    expect(guilty.filter((path) => !path.endsWith('architecture.test.ts'))).toEqual([]);
  });
});

describe('the installed packages', () => {
  it('have one protobufjs at the top, of the major version that replay needs', () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}node_modules/protobufjs/package.json`, 'utf8'));
    expect(version).toMatch(/^8\./);
    const nested = readdirSync(`${ROOT}node_modules/@temporalio`).filter((name) =>
      existsSync(`${ROOT}node_modules/@temporalio/${name}/node_modules/protobufjs`)
    );
    expect(nested).toEqual([]);
  });
});
