import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { loadConfig } from '../../src/config.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { devServerArguments, prepareNamespace } from '../../src/embedded/temporal.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporal: string;
    bundlePath: string;
  }
}

/** One real server and one bundle for the whole ring. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { address, bundlePath, stop } = await startServer();
  project.provide('temporal', address);
  project.provide('bundlePath', bundlePath);
  return stop;
}

export async function startServer(): Promise<{ address: string; bundlePath: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'stepdown-workflows-'));
  const [port, uiPort] = await freePorts(2);
  const at = { database: join(folder, 'temporal.db'), port: port!, uiPort: uiPort!, namespace: 'default' };
  const server = spawn(loadConfig().temporalCli, devServerArguments(at), { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const address = `127.0.0.1:${port}`;
  await prepareNamespace(address, 'default');
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const bundlePath = join(folder, 'bundle.js');
  writeFileSync(bundlePath, code);
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, bundlePath, stop };
}
