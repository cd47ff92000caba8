import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { kickOff } from '../../src/cli/engagements.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { peakBytesOf } from '../../src/inference/peak-memory.ts';
import { Access } from '../../src/server/access.ts';
import { economics } from '../../test/domain/closing-document.ts';
import { spec } from '../../test/workflows/fakes.ts';
import { ref } from '../../test/workflows/measured.ts';
import { startServer } from '../../test/workflows/server.ts';

const AT_ONCE = 24; // engagements between kick-off and gate: more only wait for each other
const LOOK_MS = 250;
const CLIENTS = ['Acme', 'Brightwater', 'Cobalt', 'Dunmore', 'Eastgate'];

export interface Fleet {
  client: Client;
  access: Access;
  /** Of the API and the dashboard. */
  url: string;
  /** How long it took until all of them waited. */
  setUpMs: number;
  /** The largest that the worker was. */
  workerMegabytes: () => number;
}

export const nameOf = (i: number): string => `e-${String(i).padStart(4, '0')}`;

/** Temporal, a worker and the project's server, each a process of its own, and engagements that wait at their first gate. */
export async function withFleet<T>(count: number, work: (fleet: Fleet) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'stepdown-people-'));
  const temporal = await startServer();
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const [port] = await freePorts(1);
  const env = { ...process.env, STEPDOWN_HOME: home, TEMPORAL_ADDRESS: temporal.address };
  const children: ChildProcess[] = [];
  const start = (file: string, args: string[]) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  };
  try {
    const ready = join(home, 'worker.ready');
    const worker = start('./worker.ts', [temporal.bundlePath, ready]);
    while (!existsSync(ready)) await sleep(50);
    const startedAt = performance.now();
    await bringToGates(client, count);
    const setUpMs = performance.now() - startedAt;
    const url = `http://127.0.0.1:${port}`;
    const access = new Access(join(home, 'access.db'));
    start('../../src/server/main.ts', ['--port', String(port)]);
    while (!(await fetch(`${url}/health`).catch(() => undefined))) await sleep(50);
    const workerMegabytes = () => peakBytesOf(worker.pid!) / 1e6;
    const result = await work({ client, access, url, setUpMs, workerMegabytes });
    access.close();
    return result;
  } finally {
    for (const child of children.toReversed()) {
      const isRunning = child.exitCode === null && child.kill('SIGTERM');
      if (isRunning) await once(child, 'exit');
    }
    await connection.close();
    await temporal.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function bringToGates(client: Client, count: number): Promise<void> {
  const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {}, economics: economics() };
  const query = "WorkflowType = 'approval' AND ExecutionStatus = 'Running'";
  for (let [begun, waiting] = [0, 0]; waiting < count; ) {
    const more = Math.min(count, waiting + AT_ONCE);
    const names = Array.from({ length: Math.max(0, more - begun) }, (_, i) => begun + i);
    await Promise.all(
      names.map((i) => kickOff(client, spec(nameOf(i), { client: { name: CLIENTS[i % 5] } }), sources, 'bench'))
    );
    begun += names.length;
    await sleep(LOOK_MS);
    waiting = (await client.workflow.count(query)).count;
  }
}
