import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastWordsOf, runTool, type ToolRun } from '../../src/activities/process.ts';

describe('runTool', () => {
  let folder: string;
  let stderrPath: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tool-'));
    stderrPath = join(folder, 'stderr.log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function bash(script: string, options: Partial<ToolRun> = {}) {
    const lines: string[] = [];
    const code = await runTool('/bin/bash', ['--norc', '-c', script], {
      env: { PATH: process.env.PATH! },
      signal: new AbortController().signal,
      stderrPath,
      onLine: (line) => lines.push(line),
      ...options,
    });
    return { code, lines };
  }

  it('returns the exit code and every line, the last one without its newline too', async () => {
    expect(await bash('echo one; echo; printf two; exit 7')).toEqual({ code: 7, lines: ['one', '', 'two'] });
  });

  it('returns -1 for a tool that a signal ended, and keeps what it said last', async () => {
    const { code } = await bash('echo working >&2; echo "out of luck" >&2; kill -9 $$');
    expect(code).toBe(-1);
    expect(await readFile(stderrPath, 'utf8')).toBe('working\nout of luck\n');
  });

  it('keeps characters and lines whole across the chunks of a huge output', async () => {
    const script = 'import sys; [sys.stdout.write("é" * 99 + str(i) + "\\n") for i in range(200_000)]';
    const lines: string[] = [];
    const code = await runTool('python3', ['-c', script], {
      env: { PATH: process.env.PATH!, HOME: process.env.HOME ?? '/', PYTHONIOENCODING: 'utf-8' },
      signal: new AbortController().signal,
      stderrPath,
      onLine: (line) => lines.push(line),
    });
    expect(code).toBe(0);
    expect(lines).toHaveLength(200_000);
    expect(lines.every((line, i) => line === 'é'.repeat(99) + i)).toBe(true);
  });

  it('survives a tool that ends before it has read its input', async () => {
    expect(await bash('exec 0<&-; exit 3', { stdin: 'x'.repeat(5_000_000) })).toMatchObject({ code: 3 });
  });

  it('gives the tool its input and no more of the environment than named', async () => {
    process.env.STEPDOWN_TEST_SECRET = 'secret';
    try {
      const { lines } = await bash('cat; echo; env', {
        stdin: '{"a":1}',
        env: { PATH: '/usr/bin:/bin', ONLY: 'this' },
      });
      expect(lines[0]).toBe('{"a":1}');
      expect(lines).toContain('ONLY=this');
      expect(lines.join('\n')).not.toContain('secret');
    } finally {
      delete process.env.STEPDOWN_TEST_SECRET;
    }
  });

  it('rejects when the tool cannot be started', async () => {
    const run = { env: {}, signal: new AbortController().signal, stderrPath };
    await expect(runTool(join(folder, 'nothing-here'), [], run)).rejects.toThrow('ENOENT');
  });

  it('throws the reason of a signal that was aborted before, and starts nothing', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(bash('touch started', { signal })).rejects.toThrow('cancelled');
    await expect(readFile(stderrPath)).rejects.toThrow('ENOENT');
  });

  it('kills grandchildren on abort and throws the reason', async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const running = bash('sleep 300 & echo $!; (trap "" TERM; sleep 300) & echo $!; wait', {
      signal: controller.signal,
      onLine: (line) => {
        pids.push(Number(line));
        if (pids.length === 2) controller.abort(new Error('cancelled by a person'));
      },
    });
    await expect(running).rejects.toThrow('cancelled by a person');
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
  });

  it('kills a tool that ignores SIGTERM after the grace period', async () => {
    const controller = new AbortController();
    let pid = 0;
    const running = bash('trap "" TERM; echo $$; while :; do sleep 0.1; done', {
      signal: controller.signal,
      onLine: (line) => {
        pid = Number(line);
        controller.abort(new Error('cancelled'));
      },
    });
    await expect(running).rejects.toThrow('cancelled');
    expect(isRunning(pid)).toBe(false);
  });

  it('does not wait for what outlives the tool, and ends it', async () => {
    const { code, lines } = await bash('sleep 300 & echo $!; exit 4');
    expect(code).toBe(4);
    await expect.poll(() => isRunning(Number(lines[0]))).toBe(false);
  });
});

describe('lastWordsOf', () => {
  it('reads the end of a long log and nothing of an empty one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tool-'));
    const stderrPath = join(folder, 'stderr.log');
    const run = { env: { PATH: process.env.PATH! }, signal: new AbortController().signal, stderrPath };
    await runTool('/bin/bash', ['-c', 'seq 100000 >&2; echo "the last line" >&2'], run);
    expect((await lastWordsOf(stderrPath)).endsWith('100000\nthe last line')).toBe(true);
    expect((await lastWordsOf(stderrPath)).length).toBeLessThan(2_001);
    await runTool('/bin/true', [], run);
    expect(await lastWordsOf(stderrPath)).toBe('');
    await rm(folder, { recursive: true });
  });
});

/** A killed process that nobody has waited for yet is a zombie, not running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !readFileSync(stat, 'utf8').includes(') Z ');
}
