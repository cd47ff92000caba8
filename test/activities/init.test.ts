import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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

  /** What was asked, and the exit code. */
  async function answering(lines: string[], ...args: string[]): Promise<{ code: unknown; asked: string }> {
    const child = spawn(STEPDOWN, ['init', path('model.onnx'), ...args]);
    let asked = '';
    child.stderr.on('data', (text) => (asked += text));
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    return { code, asked };
  }

  it('asks for what no flag says, and takes what it suggests for an empty line', async () => {
    const lines = ['my-topics', 'Acme', '', '', '', '0.5', '', 'ben@example.org'];
    const out = path('further/down/asked.yaml');
    const { code, asked } = await answering(lines, '--out', out, '--package', 'express');
    expect(code).toBe(0);
    expect(asked).toContain('Name of the engagement [acme-topics]: ');
    expect(asked).not.toContain('Package');
    const written = parse(readFileSync(out, 'utf8'));
    expect(written).toMatchObject({ engagement: 'my-topics', package: 'express', client: { name: 'Acme' } });
    expect(written).toMatchObject({ quality: { marginPoints: 0.5 }, serving: { sloMs: 100 } });
    expect(written.gates.approvers).toEqual([{ name: 'ben', email: 'ben@example.org' }]);
    expect(written).not.toHaveProperty('rollout');
  });

  it('says what is wrong with an answer or a flag, asks again, and keeps the others', async () => {
    const lines = [
      'My Topics',
      'my-topics',
      '',
      'Acme',
      'lables.json',
      '',
      'many',
      '8',
      '',
      '',
      'ben',
      'ben@example.org',
    ];
    const flags = ['--out', path('again.yaml'), '--package', 'express', '--tokenizer', 'nowhere.json'];
    const { code, asked } = await answering([...lines.slice(0, 4), '', ...lines.slice(4)], ...flags);
    expect(code).toBe(0);
    for (const said of [
      'engagement: "My Topics": use lower-case letters',
      'client.name: "": must not be empty',
      '--tokenizer <file> (model.tokenizer): "nowhere.json": there is no file',
      'model.labels: "lables.json": there is no file',
      'model.maxLength: "many": must be a number',
      'gates.approvers.0.email: "ben": must be a mail address',
    ])
      expect(asked).toContain(said);
    expect(parse(readFileSync(path('again.yaml'), 'utf8'))).toMatchObject({
      engagement: 'my-topics',
      client: { name: 'Acme' },
      model: { tokenizer: 'tokenizer.json', labels: 'labels.json', maxLength: 8 },
    });
  });

  it('takes everything else from flags, explains it in the file, and shows what may be added', async () => {
    const flags = [
      '--slice',
      'desk',
      '--slice',
      'Word Count',
      '--slice-margin',
      '4',
      '--slo-percentile',
      '95',
      '--threads',
      '2',
    ];
    const more = ['--calibration-rows', '40', '--traffic', '100', '--hardware', 'c6id.2xlarge', '--quick-load-test'];
    const given = ['--yes', '--client', 'Acme', '--approver', 'ben@example.org', '--out', path('flags.yaml')];
    expect((await run('init', path('model.onnx'), ...flags, ...more, ...given)).code).toBe(0);
    const text = readFileSync(path('flags.yaml'), 'utf8');
    expect(parse(text)).toMatchObject({
      slices: [
        { name: 'desk', column: 'desk' },
        { name: 'word-count', column: 'Word Count' },
      ],
      quality: { sliceMarginPoints: 4 },
      serving: { sloPercentile: 95, threads: 2 },
      calibration: { rows: 40 },
      economics: { traffic: 100, hardware: 'c6id.2xlarge' },
      loadTest: { maximumProbes: 5 },
      rollout: { minimumPairs: 500 },
    });
    expect(text).toMatch(/marginPoints: 1 # largest drop against FP32/);
    const whole = text.replace(/^# (\w+: [{[])/gm, '$1');
    expect(Object.keys(parse(whole))).toEqual(expect.arrayContaining(['search', 'training', 'schemes', 'support']));
    expect(parseSpec(parse(whole))).not.toHaveProperty('problems');
  });

  it('writes nothing while something is missing, or for a file that is no model', async () => {
    const missing = await run('init', path('model.onnx'), '--yes', '--out', path('none.yaml'));
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('--client <name> (client.name)')]);
    expect(missing.stderr).toContain('--approver <person> (gates.approvers.0.email)');
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

  it('is read twice by bash without a word, and needs no package beside it', async () => {
    const read = `source <(${STEPDOWN} completion bash)`;
    const typed = 'COMP_WORDS=(stepdown sta) COMP_CWORD=1; compopt() { :; }; __stepdown_complete; declare -p COMPREPLY';
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', `${read}; ${read}; ${typed}`]);
    expect([stdout, stderr]).toEqual(['declare -a COMPREPLY=([0]="start" [1]="status")\n', '']);
  });

  it.each([
    ['bash', 'complete -F'],
    ['zsh', 'compdef'],
    ['fish', 'complete -c stepdown'],
  ])('has a script for %s', async (shell, line) => {
    expect((await run('completion', shell)).stdout).toContain(line);
  });
});

describe('the command line', () => {
  it('has a version, ends quietly when nobody reads on, and says commands as it was called', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const headed = promisify(execFile)('bash', ['-o', 'pipefail', '-c', `${STEPDOWN} --help | head -1`]);
    expect(await headed).toEqual({ stdout: 'Usage: stepdown [options] [command]\n', stderr: '' });
    const called = async (file: string, env: NodeJS.ProcessEnv) =>
      promisify(execFile)(file, ['list'], { cwd: folder, env: { ...process.env, npm_command: '', ...env } }).catch(
        ({ stderr }) => stderr as string
      );
    const home = { STEPDOWN_HOME: path('home') };
    expect(await called(STEPDOWN, home)).toContain(`\`${STEPDOWN} up\``);
    expect(await called(STEPDOWN, { ...home, npm_command: 'exec' })).toContain('`npx stepdown up`');
    symlinkSync(STEPDOWN, path('stepdown'));
    expect(await called('stepdown', { ...home, PATH: `${folder}:${process.env.PATH}` })).toContain('`stepdown up`');
  });

  it('knows no engagement by a name that has none, and says which it may have been', async () => {
    const home = path('home');
    mkdirSync(join(home, 'journals'), { recursive: true });
    writeFileSync(join(home, 'journals/newswire.jsonl'), '');
    const asked = (...args: string[]) =>
      promisify(execFile)(STEPDOWN, args, { env: { ...process.env, STEPDOWN_HOME: home } }).catch(
        ({ code, stderr }) => [code, stderr] as const
      );
    for (const verb of ['report', 'export', 'verify']) {
      const [code, said] = (await asked(verb, 'newswrie')) as [number, string];
      expect([verb, code, said]).toEqual([verb, 1, expect.stringMatching(/no engagement 'newswrie'\n→ .*newswire\?/)]);
    }
    expect(await asked('access', 'revoke', 'eve@example.org')).toEqual([1, expect.stringContaining('had no token')]);
  });
});
