import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePorts } from '../../src/embedded/ports.ts';
import { Access } from '../../src/server/access.ts';
import { writeSmallEngagement } from '../fixtures/small-engagement.ts';
import { specDocument } from './fakes.ts';
import { eventually, namespace, uniqueName } from './harness.ts';

const ROOT = join(import.meta.dirname, '../..');
const NODE = ['--disable-warning=ExperimentalWarning'];
const folder = mkdtempSync(join(tmpdir(), 'stepdown-kick-off-'));
const scratch = join(folder, 'scratch');
const home = join(folder, 'data');
const { model, data } = specDocument(uniqueName()) as { model: object; data: object };

beforeAll(() => {
  mkdirSync(scratch);
  writeSmallEngagement(join(folder, 'specs'), { ...specDocument(uniqueName()), model, data });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A Python that does this instead of looking at model and rows. */
function python(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function started(args: string[], STEPDOWN_PYTHON: string) {
  const env = {
    ...process.env,
    ...{ STEPDOWN_HOME: home, STEPDOWN_SPECS: join(folder, 'specs'), STEPDOWN_PYTHON, TMPDIR: scratch },
    ...{ TEMPORAL_ADDRESS: inject('temporal'), TEMPORAL_NAMESPACE: namespace() },
  };
  const child = spawn(process.execPath, [...NODE, ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, said }))
  );
  return { child, ended };
}

/** The server with a Python, asked to start the engagement. */
async function asked(script: string) {
  const [port] = await freePorts(1);
  const access = new Access(join(home, 'access.db'));
  const token = access.issueToken('erik@example.org', ['engineer']);
  access.close();
  const server = started([join(ROOT, 'src/server/main.ts'), '--port', String(port)], script);
  const at = `http://127.0.0.1:${port}`;
  await eventually(async () => ((await fetch(`${at}/health`)).ok ? true : undefined), 'the server', 30);
  const answer = fetch(`${at}/api/engagements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ spec: 'engagement.yaml' }),
  });
  return { ...server, answer };
}

const CAUSES: [string, string, RegExp, RegExp][] = [
  ['that is killed', 'cat >/dev/null; kill -9 $$', /onnxruntime prepare was killed: it said nothing$/, /memory/],
  [
    'whose packages are gone',
    'cat >/dev/null; echo "Traceback" >&2; echo "ModuleNotFoundError: No module named \'onnx\'" >&2; exit 1',
    /onnxruntime prepare ended with exit code 1: ModuleNotFoundError: No module named 'onnx'$/,
    /`.*npm run setup` mends them/,
  ],
];

describe('a kick-off check', () => {
  it.each(CAUSES)(
    'with a Python %s says what failed and what to do, and leaves nothing',
    async (name, script, failed, next) => {
      const path = python(name.replaceAll(' ', '-'), script);
      const cli = started(['src/client.ts', 'start', join(folder, 'specs/engagement.yaml'), '--json'], path);
      const { code, said } = await cli.ended;
      expect(code).toBe(1);
      const told = JSON.parse(said) as { error: string; next: string };
      expect(told.error).toMatch(/^model and rows could not be checked; nothing was started: /);
      expect(told.error).toMatch(failed);
      expect(told.next).toMatch(next);
      expect(readdirSync(scratch)).toEqual([]);
    }
  );

  it('without a Python is answered by the API as a problem of the server, which it still serves', async () => {
    const { child, answer, ended } = await asked(join(folder, 'no-python'));
    const response = await answer;
    expect([response.status, response.headers.get('content-type')]).toEqual([
      503,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(await response.json()).toMatchObject({
      title: 'Not available',
      detail: expect.stringMatching(
        /^model and rows could not be checked; nothing was started: spawn .*no-python ENOENT$/
      ),
      next: expect.stringContaining('`npm run setup` installs it, or STEPDOWN_PYTHON names another'),
    });
    expect(readdirSync(scratch)).toEqual([]);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('leaves no folder where the server is ended in the middle of it', async () => {
    const { child, answer, ended } = await asked(python('slow', 'cat >/dev/null; sleep 120'));
    answer.catch(() => {}); // the server is gone
    await eventually(async () => (readdirSync(scratch).length > 0 ? true : undefined), 'the check');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('leaves no folder where the command is ended in the middle of it', async () => {
    const cli = started(
      ['src/client.ts', 'start', join(folder, 'specs/engagement.yaml'), '--json'],
      join(folder, 'slow')
    );
    await eventually(async () => (readdirSync(scratch).length > 0 ? true : undefined), 'the check', 30);
    cli.child.kill('SIGTERM');
    const { code, said } = await cli.ended;
    expect([code, JSON.parse(said).error]).toEqual([1, 'interrupted; nothing was started and nothing is kept']);
    expect(readdirSync(scratch)).toEqual([]);
  });
});
