import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runToolkit, type ToolkitRun } from '../../src/activities/toolkit-process.ts';
import { NO_TELEMETRY } from '../../src/domain/no-telemetry.ts';

describe('runToolkit', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'toolkit-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs a bash script in the place of Python. */
  async function fake(script: string, options: Partial<ToolkitRun> = {}): Promise<unknown> {
    const python = join(folder, 'python');
    await writeFile(python, `#!/bin/bash\n${script}\n`);
    await chmod(python, 0o755);
    return runToolkit({
      python,
      toolkit: 'onnxruntime',
      verb: 'quantize',
      job: { rows: 3 },
      signal: new AbortController().signal,
      stderrPath: join(folder, 'stderr.log'),
      ...options,
    });
  }

  const failure = (script: string): Promise<unknown> =>
    fake(script).then(
      () => expect.unreachable('the toolkit should have failed'),
      (error: unknown) => error
    );

  it('hands over the job and returns the result without its type', async () => {
    const script = `job=$(cat); printf '{"type":"result","job":%s,"arguments":"%s"}' "$job" "$*"`;
    expect(await fake(script)).toEqual({ job: { rows: 3 }, arguments: '-m stepdown_toolkits onnxruntime quantize' });
  });

  it('reports progress and skips lines that are none of the protocol', async () => {
    const seen: unknown[] = [];
    const lines = [
      'loading...',
      'null',
      '42',
      '{"some":"json"}',
      '{"type":"progress","stage":"calibrate","done":2,"total":9}',
    ];
    const script = `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} '{"type":"result","ok":true}' '[1]'`;
    expect(await fake(script, { onProgress: (progress) => seen.push(progress) })).toEqual({ ok: true });
    expect(seen).toEqual([expect.objectContaining({ stage: 'calibrate', done: 2, total: 9 })]);
  });

  it('makes a bad request permanent and keeps its problems', async () => {
    const problems = [{ field: 'data.selection', value: 'txt', message: "column 'text' is missing" }];
    const line = JSON.stringify({ type: 'error', kind: 'bad-request', message: 'look at the columns', problems });
    const error = await failure(
      `cat > '${join(folder, 'line')}' <<'END'\n${line}\nEND\ncat '${join(folder, 'line')}'; exit 2`
    );
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ nonRetryable: true, type: 'BadRequest', message: 'look at the columns' });
    expect((error as ApplicationFailure).details).toEqual([{ problems }]);
  });

  it('makes a missing capability permanent and names it', async () => {
    const error = await failure(`echo '{"type":"error","kind":"unavailable","message":"no TensorRT"}'; exit 3`);
    expect(error).toMatchObject({
      nonRetryable: true,
      type: 'NotAvailable',
      message: expect.stringContaining('no TensorRT'),
    });
  });

  it('throws a plain error with what a fault says about itself', async () => {
    const error = await failure(`echo '{"type":"error","kind":"fault","message":"disk full"}'; echo trace >&2; exit 1`);
    expect(error).not.toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ message: 'onnxruntime quantize ended with exit code 1: disk full' });
  });

  it('throws a plain error with the last words of a crash', async () => {
    const error = await failure(
      `echo '{"type":"progress","stage":"load","done":0,"total":1}'; echo 'std::bad_alloc' >&2; kill -SEGV $$`
    );
    expect(error).not.toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ message: 'onnxruntime quantize was killed: std::bad_alloc' });
  });

  it('takes exit 0 without a result for a fault', async () => {
    expect(await failure('echo "{}"')).toMatchObject({ message: expect.stringContaining('it said nothing') });
  });

  it('does not take a result for done when the toolkit failed after it', async () => {
    expect(await failure(`echo '{"type":"result"}'; exit 1`)).toBeInstanceOf(Error);
  });

  it('throws the reason of a cancellation, whatever the toolkit said', async () => {
    const controller = new AbortController();
    const running = fake(`echo '{"type":"progress","stage":"s","done":0,"total":1}'; sleep 300`, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('cancelled')),
    });
    await expect(running).rejects.toThrow('cancelled');
  });

  it('passes on no secret and no address of the worker', async () => {
    process.env.STEPDOWN_GATEWAY_TOKEN = 'a-secret-of-16-letters';
    try {
      const { names } = (await fake(
        `printf '{"type":"result","names":"%s"}' "$(env -0 | cut -z -d= -f1 | tr '\\0' ' ')"`
      )) as {
        names: string;
      };
      const allowed = [
        'HOME',
        'LANG',
        'LD_LIBRARY_PATH',
        'PATH',
        'PYTHONHASHSEED',
        'PYTHONPATH',
        'PYTHONUNBUFFERED',
        'TMPDIR',
        ...Object.keys(NO_TELEMETRY),
      ];
      const ofTheShell = ['PWD', 'SHLVL', '_'];
      expect(
        names
          .trim()
          .split(' ')
          .filter((name) => ![...allowed, ...ofTheShell].includes(name))
      ).toEqual([]);
    } finally {
      delete process.env.STEPDOWN_GATEWAY_TOKEN;
    }
  });
});
