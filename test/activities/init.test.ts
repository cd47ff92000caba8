import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DryLap } from '../../src/cli/dry-lap.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';

const STEPDOWN = fileURLToPath(new URL('../../bin/stepdown.mjs', import.meta.url));
const folder = join(mkdtempSync(join(tmpdir(), 'stepdown-init-')), 'acme-topics');
const path = (name: string) => join(folder, name);
beforeAll(() => writeSmallEngagement(folder));
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const run = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(STEPDOWN, args, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    );
  });

describe('stepdown init', () => {
  it('writes a specification from a model and what lies beside it, which a dry lap then plays', async () => {
    const approver = 'Ana Ruiz <ana@example.org>';
    const flags = ['--yes', '--client', 'Acme', '--approver', approver, '--max-length', '8'];
    const { code, stdout } = await run('init', path('model.onnx'), ...flags);
    expect([code, stdout]).toEqual([0, expect.stringContaining('--dry-lap')]);
    const text = readFileSync(path('engagement.yaml'), 'utf8');
    expect(text).toContain('# takes input_ids int64[batch, length]; attention_mask int64[batch, length]');
    expect(parse(text)).toMatchObject({
      engagement: 'acme-topics',
      model: { path: 'model.onnx', tokenizer: 'tokenizer.json', labels: 'labels.json', maxLength: 8 },
      data: { holdout: 'data/holdout.jsonl' },
      gates: { approvers: [{ name: 'Ana Ruiz', email: 'ana@example.org' }] },
    });
    expect(parseSpec(parse(text))).not.toHaveProperty('problems');
    const again = await run('init', path('model.onnx'), ...flags);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')]);

    const lap = JSON.parse((await run('start', path('engagement.yaml'), '--dry-lap', '--json')).stdout) as DryLap;
    expect(lap.model.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
    expect(lap.data.find(({ role }) => role === 'holdout')).toMatchObject({ rows: 30, classes: 4 });
    expect(lap.checks.find(({ name }) => name === 'power')).toMatchObject({ verdict: 'inconclusive' });
    const { measuring, rollout } = lap.duration;
    expect(measuring.most).toBeGreaterThan(measuring.least);
    expect(rollout!.least).toBe(6 * 30 * 60_000);
  });

  it('names the rows that cannot be used by their field', async () => {
    const rows = readFileSync(path('data/holdout.jsonl'), 'utf8');
    writeFileSync(path('data/holdout.jsonl'), rows.replace('"zero"', '"nought"'));
    const { code, stdout } = await run('start', path('engagement.yaml'), '--dry-lap', '--json');
    writeFileSync(path('data/holdout.jsonl'), rows);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).problems).toContainEqual(
      expect.objectContaining({ path: 'data.holdout', value: 'nought' })
    );
  });

  it('asks for what no flag says, and takes what it suggests for an empty line', async () => {
    const child = spawn(STEPDOWN, ['init', path('model.onnx'), '--out', path('asked.yaml'), '--package', 'express']);
    let asked = '';
    child.stderr.on('data', (text) => (asked += text));
    child.stdin.end('my-topics\nAcme\n\n\n\nben@example.org\n');
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
    expect(asked).toContain('Name of the engagement [acme-topics]: ');
    expect(asked).not.toContain('Package');
    const written = parse(readFileSync(path('asked.yaml'), 'utf8'));
    expect(written).toMatchObject({ engagement: 'my-topics', package: 'express', client: { name: 'Acme' } });
    expect(written.gates.approvers).toEqual([{ name: 'ben', email: 'ben@example.org' }]);
  });

  it('writes nothing while something is missing, or for a file that is no model', async () => {
    const missing = await run('init', path('model.onnx'), '--yes', '--out', path('none.yaml'));
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('client.name')]);
    const other = await run('init', path('labels.json'), '--yes', '--out', path('none.yaml'));
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('labels.json')]);
    expect(() => readFileSync(path('none.yaml'))).toThrow();
  });
});

describe('completion', () => {
  const words = async (...typed: string[]) =>
    (await run('complete', '--', ...typed)).stdout.split('\n').map((line) => line.split('\t')[0]);

  it('knows commands, options, choices and files', async () => {
    const [commands, options, choices, files, below] = await Promise.all([
      words('st'),
      words('init', '--ma'),
      words('init', 'm.onnx', '--package', ''),
      words('start', path('eng')),
      words('rollout', 'pau'),
    ]);
    expect(commands).toEqual(expect.arrayContaining(['start', 'status']));
    expect(options).toContain('--max-length');
    expect(choices).toEqual(expect.arrayContaining(['express', 'professional']));
    expect(files).toContain(path('engagement.yaml'));
    expect(below).toContain('pause');
  });

  it.each([
    ['bash', 'complete -F'],
    ['zsh', 'compdef'],
    ['fish', 'complete -c stepdown'],
  ])('has a script for %s', async (shell, line) => {
    expect((await run('completion', shell)).stdout).toContain(line);
  });
});
