import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { loadConfig } from '../../src/config.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { devServerArguments, prepareNamespace } from '../../src/embedded/temporal.ts';
import { workflowBundle } from '../../src/embedded/workflow-bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporal: string;
    bundlePath: string;
    /** By the number of the process that a file runs in. */
    namespaces: string[];
  }
}

/** One real server and one bundle for the whole ring; files that run at the same time have a namespace each. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const namespaces = Array.from({ length: project.config.maxWorkers }, (_, i) => `files-${i + 1}`);
  const { address, bundlePath, stop } = await startServer(namespaces);
  project.provide('temporal', address);
  project.provide('bundlePath', bundlePath);
  project.provide('namespaces', namespaces);
  return stop;
}

export async function startServer(
  namespaces = ['default']
): Promise<{ address: string; bundlePath: string; stop: () => Promise<void> }> {
  const config = loadConfig();
  const folder = mkdtempSync(join(tmpdir(), 'stepdown-workflows-'));
  const [port, uiPort] = await freePorts(2);
  const at = { database: join(folder, 'temporal.db'), port: port!, uiPort: uiPort!, namespace: namespaces[0]! };
  const others = namespaces.slice(1).flatMap((namespace) => ['--namespace', namespace]);
  const server = spawn(config.temporalCli, [...devServerArguments(at), ...others], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const address = `127.0.0.1:${port}`;
  for (const namespace of namespaces) await prepareNamespace(address, namespace);
  const bundlePath = await workflowBundle(config);
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, bundlePath, stop };
}
