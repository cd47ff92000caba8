import { spawn } from 'node:child_process';
import type { GpuUsage } from '../../domain/measurement.ts';

const PERIOD_MS = 500;
const QUERY = 'index,utilization.gpu,memory.used,power.draw';
const MIB = 2 ** 20;

/** Samples nvidia-smi until `stop`, which answers null where it does not answer. */
export function watchGpu(): { stop: () => Promise<GpuUsage | null> } {
  const options = [`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits', `--loop-ms=${PERIOD_MS}`];
  const child = spawn('nvidia-smi', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve()); // there is none
    child.once('close', () => resolve());
  });
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      return gpuUsageOf(text);
    },
  };
}

/** From nvidia-smi's lines such as `0, 87, 10240, 215.31`, one for each GPU and sample; null without a readable line. */
export function gpuUsageOf(text: string): GpuUsage | null {
  const samples = text.split('\n').flatMap((line) => {
    const [index, utilisation, memory, power] = line.split(',').map((field) => Number.parseFloat(field));
    return Number.isFinite(utilisation) && Number.isFinite(memory)
      ? [{ index: index!, utilisation: utilisation!, memory: memory!, power: Number.isFinite(power) ? power! : null }]
      : [];
  });
  if (samples.length === 0) return null;
  const gpus = new Set(samples.map(({ index }) => index)).size;
  const sums = Array.from({ length: Math.ceil(samples.length / gpus) }, (_, i) =>
    samples.slice(i * gpus, (i + 1) * gpus).reduce((sum, { memory }) => sum + memory, 0)
  );
  const powers = samples.flatMap(({ power }) => (power === null ? [] : [power]));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    utilisation: mean(samples.map(({ utilisation }) => utilisation)) / 100,
    peakMemoryBytes: Math.max(...sums) * MIB,
    meanPowerWatts: powers.length > 0 ? gpus * mean(powers) : null,
  };
}
