import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { QUEUES } from '../src/domain/ids.ts';
import { startServer } from '../test/workflows/server.ts';

const WORKER = fileURLToPath(new URL('../src/worker.ts', import.meta.url));

export interface Engine {
  client: Client;
  /** Where workers keep everything; gone in the end. */
  home: string;
  /** A worker process of the project, to be killed. */
  startWorker: (queues: string[]) => ChildProcess;
}

/** A real Temporal server with the workflows of a file, in this process, while workers of its own are killed. */
export async function withEngine<T>(
  { workflow, activities = () => ({}) }: { workflow: string; activities?: (home: string) => object },
  work: (engine: Engine) => Promise<T>
): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'stepdown-killed-'));
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
  const server = await startServer();
  const native = await NativeConnection.connect({ address: server.address });
  const connection = await Connection.connect({ address: server.address });
  const worker = await Worker.create({
    connection: native,
    taskQueue: QUEUES.engagement,
    workflowsPath: workflow,
    activities: activities(home),
  });
  const running = worker.run();
  const env = { ...process.env, STEPDOWN_HOME: home, TEMPORAL_ADDRESS: server.address };
  const startWorker = (queues: string[]) => {
    const args = [WORKER, ...queues.flatMap((queue) => ['--queue', queue])];
    return spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  try {
    return await work({ client: new Client({ connection }), home, startWorker });
  } finally {
    worker.shutdown();
    await running;
    await native.close();
    await connection.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
