import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, Running } from '../config.ts';
import { writeAtomically } from '../storage/atomic-write.ts';
import { isSameProcess, type ProcessIdentity, processIdentity } from '../storage/process-identity.ts';
import { GATEWAY_NODE_FLAGS } from './gateway-flags.ts';
import { portsOf } from './ports.ts';
import { SupervisedProcess } from './process.ts';
import { devServerArguments, prepareNamespace } from './temporal.ts';

const READY_TIMEOUT_MS = 120_000; // the worker bundles its workflows on 2 busy cores

interface Recorded extends Running {
  self: ProcessIdentity;
  children: Record<string, ProcessIdentity>;
}

export interface Up extends Running {
  stop: () => Promise<void>;
}

/** The data directory is another `up`'s. */
export class UpAlready extends Error {
  readonly running: Running;

  constructor(running: Running) {
    super(`Stepdown is up already in this data directory, as process ${running.pid}`);
    this.running = running;
  }
}

/**
 * Starts Temporal, the worker, the gateway and the server under one data directory and keeps them running.
 * Throws `UpAlready` when another `up` holds the directory; ends what a killed one left behind.
 */
export async function bringUp(config: Config, report: (line: string) => void): Promise<Up> {
  const recordPath = join(config.home, 'up.json');
  await clearAway(recordPath);
  await Promise.all([config.home, config.folders.logs].map((folder) => mkdir(folder, { recursive: true })));
  const ports = await portsOf(config.home, config.serverPort);
  const running: Running = {
    pid: process.pid,
    temporal: `127.0.0.1:${ports.temporal}`,
    ui: `http://127.0.0.1:${ports.ui}`,
    gateway: `http://127.0.0.1:${ports.gateway}`,
    server: `http://127.0.0.1:${ports.server}`,
  };
  const processes: SupervisedProcess[] = [];
  let writing = Promise.resolve();
  const record = () => {
    writing = writing.then(() => {
      const children = processes.flatMap(({ name, pid }) => (pid ? [[name, processIdentity(pid)] as const] : []));
      const recorded: Recorded = {
        ...running,
        self: processIdentity(process.pid),
        children: Object.fromEntries(children),
      };
      return writeAtomically(recordPath, `${JSON.stringify(recorded, null, 1)}\n`);
    });
  };
  const add = async (name: string, command: string, args: string[], ready: () => Promise<void>) => {
    const env = {
      TEMPORAL_ADDRESS: running.temporal,
      STEPDOWN_GATEWAY: running.gateway,
      STEPDOWN_PUBLIC_URL: config.publicUrl ?? running.server,
      STEPDOWN_HOME: config.home,
      ...(name !== 'server' && { STEPDOWN_OIDC_CLIENT_SECRET: undefined }),
    };
    const logPath = join(config.folders.logs, `${name}.log`);
    const child = new SupervisedProcess({ name, command, args, env, logPath, ready }, record);
    processes.push(child);
    const started = performance.now();
    await child.start();
    report(`${name} is up (${((performance.now() - started) / 1000).toFixed(1)} s), log ${logPath}`);
  };
  const stop = async () => {
    for (const child of processes.toReversed()) await child.stop();
    await writing;
    await rm(recordPath, { force: true });
  };

  const source = (file: string) => join(config.root, 'src', file);
  const node = ['--disable-warning=ExperimentalWarning'];
  const { namespace, home, folders } = config;
  try {
    const at = { database: join(home, 'temporal.db'), port: ports.temporal, uiPort: ports.ui, namespace };
    await add('temporal', config.temporalCli, devServerArguments(at), () =>
      prepareNamespace(running.temporal, namespace)
    );
    const gatewayArguments = ['--port', String(ports.gateway), '--state', join(home, 'gateway.db')];
    await add(
      'gateway',
      process.execPath,
      [
        ...node,
        ...GATEWAY_NODE_FLAGS,
        source('gateway/main.ts'),
        ...gatewayArguments,
        '--artifacts',
        folders.artifacts,
      ],
      () => answers(`${running.gateway}/v2/health/live`)
    );
    await add('worker', process.execPath, [...node, source('worker.ts')], () =>
      workerReady(join(home, 'worker.ready'))
    );
    await add('server', process.execPath, [...node, source('server/main.ts'), '--port', String(ports.server)], () =>
      answers(`${running.server}/health`)
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...running, stop };
}

/** Refuses a directory that is in use; ends processes that a killed supervisor left, Temporal's above all. */
async function clearAway(recordPath: string): Promise<void> {
  const text = await readFile(recordPath, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const { self, children, ...running } = JSON.parse(text) as Recorded;
  if (isSameProcess(self)) throw new UpAlready(running);
  for (const child of Object.values(children)) {
    if (isSameProcess(child)) process.kill(child.pid, 'SIGTERM');
    const hardKillAt = Date.now() + 15_000;
    while (isSameProcess(child)) {
      if (Date.now() > hardKillAt) process.kill(child.pid, 'SIGKILL');
      await sleep(50);
    }
  }
  await rm(recordPath, { force: true });
}

async function answers(url: string): Promise<void> {
  await until(`no answer from ${url}`, async () => (await fetch(url)).ok);
}

/** The worker touches this file once it polls; an old one is of an earlier worker. */
async function workerReady(path: string): Promise<void> {
  await until('the worker does not poll', async () => {
    const pid = Number(await readFile(path, 'utf8'));
    process.kill(pid, 0);
    return true;
  });
}

async function until(complaint: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await check().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${complaint} after ${READY_TIMEOUT_MS / 1000} s`);
    await sleep(100);
  }
}
