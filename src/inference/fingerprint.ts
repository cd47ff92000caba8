import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { promisify } from 'node:util';
import type { HostFingerprint } from '../domain/measurement.ts';

const SMI_TIMEOUT_MS = 10_000; // a sleeping GPU takes seconds to answer the first time

/** CPU flags that decide which kernels ONNX Runtime picks, x86 then Arm. */
const INSTRUCTION_SETS = [
  'avx2',
  'avx512f',
  'avx512bw',
  'avx512_vnni',
  'avx_vnni',
  'avx512_fp16',
  'amx_int8',
  'f16c',
  'asimdhp',
  'asimddp',
  'i8mm',
];

/** What this host is, as far as it bears on a measurement. */
export async function hostFingerprint(): Promise<HostFingerprint> {
  const cpuinfo = process.platform === 'linux' ? await readFile('/proc/cpuinfo', 'utf8') : '';
  return {
    cpuModel: os.cpus()[0]?.model.trim() || 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    instructionSets: instructionSets(cpuinfo),
    gpu: await gpuName(),
    onnxruntime: packageVersion('onnxruntime-node'),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The flags of interest in the text of /proc/cpuinfo, in a fixed order. */
export function instructionSets(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return INSTRUCTION_SETS.filter((name) => flags.has(name));
}

/** The first NVIDIA GPU that answers; null where there is none or no driver. */
async function gpuName(): Promise<string | null> {
  try {
    const query = ['--query-gpu=name', '--format=csv,noheader'];
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: SMI_TIMEOUT_MS });
    return stdout.trim().split('\n')[0]?.trim() || null;
  } catch {
    return null;
  }
}

function packageVersion(name: string): string {
  const require = createRequire(import.meta.url);
  return (require(`${name}/package.json`) as { version: string }).version;
}
