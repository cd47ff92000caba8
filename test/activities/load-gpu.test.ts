import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { gpuUsageOf, watchGpu } from '../../src/inference/load/gpu.ts';

const folder = mkdtempSync(join(tmpdir(), 'stepdown-gpu-'));
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('adds the memory and power of several GPUs, and takes the mean of their utilisation', () => {
  const usage = gpuUsageOf('0, 100, 1000, 200.5\n1, 0, 500, 100.5\n0, 50, 3000, 210.5\n1, 50, 500, 90.5\n');
  expect(usage).toEqual({ utilisation: 0.5, peakMemoryBytes: 3500 * 2 ** 20, meanPowerWatts: 301 });
});

it('knows no power where the driver does not tell it, and nothing without a readable line', () => {
  expect(gpuUsageOf('0, 10, 100, [N/A]\n')).toMatchObject({ utilisation: 0.1, meanPowerWatts: null });
  expect(gpuUsageOf('NVIDIA-SMI has failed\n')).toBeNull();
});

it('reads nvidia-smi until it is stopped, and answers null where there is none', async () => {
  const tool = join(folder, 'nvidia-smi');
  writeFileSync(tool, '#!/bin/sh\nwhile true; do echo "0, 80, 1024, 150.0"; sleep 0.05; done\n');
  chmodSync(tool, 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  const gpu = watchGpu();
  await sleep(500);
  expect(await gpu.stop()).toEqual({ utilisation: 0.8, peakMemoryBytes: 2 ** 30, meanPowerWatts: 150 });
  expect(await gpu.stop()).not.toBeNull();
  vi.stubEnv('PATH', '/nowhere');
  expect(await watchGpu().stop()).toBeNull();
});
