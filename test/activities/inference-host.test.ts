import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Host, HostDied, startHost, type TensorValue } from '../../src/inference/host.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/`;
const OPTIONS = { threads: 1 };
const int64 = (...values: number[]): TensorValue => ({
  type: 'int64',
  dims: [1, values.length],
  data: BigInt64Array.from(values, BigInt),
});
const FEEDS = { input_ids: int64(2, 6, 3), attention_mask: int64(1, 1, 1) };

const hosts: Host[] = [];
const start = async (model: string, signal?: AbortSignal) => {
  const host = await startHost({ modelPath: `${FIXTURES}${model}`, options: OPTIONS, signal });
  hosts.push(host);
  return host;
};

afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

/** False once it ended, also while nobody has collected its exit status. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('an inference host', () => {
  it('declares what the model takes and answers with what it computes', async () => {
    const host = await start('classifier.onnx');
    expect(host.inputs.map(({ name, type, shape }) => [name, type, shape])).toEqual([
      ['input_ids', 'int64', ['batch', 'length']],
      ['attention_mask', 'int64', ['batch', 'length']],
    ]);
    expect(host.outputs).toEqual([{ name: 'logits', type: 'float32', shape: ['batch', 4] }]);
    const { outputs, elapsedMs } = await host.run(FEEDS);
    expect(outputs.logits).toEqual({ type: 'float32', dims: [1, 4], data: Float32Array.of(0, 0, 0.75, 0.34375) });
    expect(elapsedMs).toBeGreaterThan(0);
    expect((await host.memory()).peakBytes).toBeGreaterThan(20e6);
  });

  it('leaves no trace of telemetry', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stepdown-telemetry-'));
    vi.stubEnv('TMPDIR', folder); // where ONNX Runtime's uploader keeps its log
    const host = await start('classifier.onnx').finally(vi.unstubAllEnvs);
    await host.run(FEEDS);
    await host.close();
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it('answers requests sent at once each with its own result', async () => {
    const host = await start('classifier.onnx');
    const answers = await Promise.all(
      [0, 1, 2, 3].map((token) => host.run({ input_ids: int64(token), attention_mask: int64(1) }))
    );
    const winners = answers.map(({ outputs }) => (outputs.logits!.data as Float32Array).findIndex((x) => x > 0));
    expect(winners).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ['a missing input', { input_ids: int64(1) }, "input 'attention_mask' is missing"],
    ['a shape that does not hold the data', { ...FEEDS, input_ids: { ...int64(1), dims: [1, 3] } }, 'needs 3 elements'],
    [
      'another type',
      { ...FEEDS, input_ids: { type: 'float32', dims: [1, 1], data: new Float32Array(1) } },
      'Unexpected input data type',
    ],
    ['data of another type', { ...FEEDS, input_ids: { ...int64(1), type: 'float32' } }, 'needs a Float32Array'],
  ])('refuses %s and lives on', async (_, feeds, message) => {
    const host = await start('classifier.onnx');
    const refusal = host.run(feeds as Record<string, TensorValue>);
    await expect(refusal).rejects.toMatchObject({ name: 'ModelRunFailed', message: expect.stringContaining(message) });
    expect(host.alive).toBe(true);
    await host.run(FEEDS);
  });

  it('takes and gives float16 as its bits', async () => {
    const host = await start('half.onnx');
    const x: TensorValue = { type: 'float16', dims: [1, 4], data: Uint16Array.of(0x3c00, 0x3800, 0xc000, 0) };
    const { outputs } = await host.run({ x });
    expect(outputs.y).toEqual({ ...x, data: Uint16Array.of(0x4000, 0x3c00, 0xc400, 0) });
  });

  it('takes and gives text as the bytes of each element', async () => {
    const host = await start('text.onnx');
    const x: TensorValue = { type: 'string', dims: [1], data: [Buffer.from('größer')] };
    const { outputs } = await host.run({ x });
    expect(outputs.y!.type).toBe('string');
    expect((outputs.y!.data as Uint8Array[]).map((bytes) => Buffer.from(bytes).toString())).toEqual(['größer']);
  });

  it.each(['cuda', 'tensorrt'] as const)('says what %s needs where it is not available', async (provider) => {
    const starting = startHost({ modelPath: `${FIXTURES}classifier.onnx`, options: { ...OPTIONS, provider } });
    await expect(starting).rejects.toMatchObject({
      name: 'ModelLoadFailed',
      message: expect.stringMatching(`provider '${provider}' is not available here: .* set serving.provider to cpu$`),
    });
  });

  it('answers the same with spinning threads', async () => {
    const options = { threads: 2, spinning: true };
    const host = await startHost({ modelPath: `${FIXTURES}classifier.onnx`, options });
    hosts.push(host);
    const { outputs } = await host.run(FEEDS);
    expect(outputs.logits!.data).toEqual(Float32Array.of(0, 0, 0.75, 0.34375));
  });

  it.each([
    ['is not there', 'nothing.onnx', "File doesn't exist"],
    ['is not ONNX', 'rows.arrow', 'Protobuf parsing failed'],
  ])("gives ONNX Runtime's words for a model that %s", async (_, model, words) => {
    await expect(start(model)).rejects.toMatchObject({
      name: 'ModelLoadFailed',
      message: expect.stringContaining(words),
    });
  });

  it('rejects what is pending with HostDied when the child is killed', async () => {
    const host = await start('classifier-slow.onnx');
    const exits: unknown[] = [];
    host.onExit((exit) => exits.push(exit));
    const pending = [host.run(FEEDS), host.run(FEEDS)].map((run) => run.catch((error: unknown) => error));
    process.kill(host.pid, 'SIGKILL');
    for (const error of await Promise.all(pending)) {
      expect(error).toBeInstanceOf(HostDied);
      expect(error).toMatchObject({ code: null, signal: 'SIGKILL' });
    }
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL' }]);
    expect(host.alive).toBe(false);
    await expect(host.run(FEEDS)).rejects.toBeInstanceOf(HostDied);
  });

  it('ends at an abort and rejects with its reason', async () => {
    const abort = new AbortController();
    const host = await start('classifier-slow.onnx', abort.signal);
    const pending = host.run(FEEDS);
    const reason = new Error('cancelled by the engagement');
    abort.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await vi.waitFor(() => expect(isRunning(host.pid)).toBe(false));
    await expect(start('classifier.onnx', abort.signal)).rejects.toBe(reason);
  });

  it('leaves no process after close, even in the middle of a run', async () => {
    const host = await start('classifier-slow.onnx');
    const pending = host.run(FEEDS).catch((error: unknown) => error);
    await host.close();
    expect(isRunning(host.pid)).toBe(false);
    expect(await pending).toBeInstanceOf(HostDied);
  });

  it('outlives Ctrl-C, which is for the parent to act on', async () => {
    const host = await start('classifier.onnx');
    process.kill(host.pid, 'SIGINT');
    await host.run(FEEDS);
    expect(host.alive).toBe(true);
  });

  it('ends when its parent is killed', async () => {
    const script = `
      const { startHost } = await import(${JSON.stringify(new URL('../../src/inference/host.ts', import.meta.url).href)});
      const host = await startHost({ modelPath: ${JSON.stringify(`${FIXTURES}classifier.onnx`)}, options: { threads: 1 } });
      console.log(host.pid);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(printed.toString());
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5_000 });
  });
});
