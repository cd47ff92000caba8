import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { peakBytes } from '../peak-memory.ts';
import type { Request } from '../protocol.ts';
import { hostTimes, hostUsage } from './host-usage.ts';
import type { HostUsage, LoadCounts, LoadJob } from './job.ts';
import type { LoadTimes } from './run.ts';
import { advance, createSharedRun, DONE, ISSUED, type SharedRun, STOP } from './shared.ts';

const LEAD_NS = 20_000_000n; // between the word to go and the start, for every thread to be there
const LOOK_MS = 100; // how often the main thread sees whether it was blocked; each wake delays the replicas

let counts: LoadCounts = { done: 0, total: 0 };
let current: SharedRun | undefined;

process.on('disconnect', () => process.exit(0)); // a parent killed with SIGKILL must leave no child
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the parent decides
process.on('message', async (request: Request) => {
  try {
    process.send?.({ id: request.id, result: await execute(request) });
  } catch (error) {
    process.send?.({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
});

function execute(request: Request): Promise<HostUsage> | LoadCounts {
  if (request.kind === 'load-run') return play(request.job);
  if (request.kind !== 'load-progress') throw new Error(`a load child does not serve '${request.kind}'`);
  return current ? { ...counts, done: Atomics.load(current.control, DONE) } : counts;
}

async function play({ target, rows, scheduledMs, replicas, warmup, pace }: LoadJob): Promise<HostUsage> {
  const run = createSharedRun(rows);
  run.scheduledMs.set(scheduledMs);
  current = run;
  counts = { done: 0, total: rows.length };
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const spawn = (file: string, workerData: object) => {
    const worker = new Worker(new URL(file, import.meta.url), { workerData: { run, ...workerData } });
    worker.once('error', failure.reject);
    return worker;
  };
  const orFailure = <T>(work: Promise<T>) => Promise.race([work, failure.promise]);
  try {
    const replicaData = { target, warmup, issuesItself: pace === 'by-replica' };
    const servers = Array.from({ length: replicas }, () => spawn('./replica.ts', replicaData));
    const pacer = typeof pace === 'string' ? undefined : spawn('./pacer.ts', { pace });
    if (pace === 'at-once') advance(run, ISSUED, rows.length);
    const workers = pacer ? [...servers, pacer] : servers;
    await orFailure(Promise.all(workers.map((worker) => once(worker, 'message'))));
    const blocks = monitorEventLoopDelay({ resolution: LOOK_MS });
    const [cpuBefore, hostBefore] = [process.cpuUsage(), hostTimes()];
    blocks.enable();
    const ended = servers.map((server) => once(server, 'exit'));
    const paced = pacer ? once(pacer, 'message') : [{ cpuMs: 0 }];
    run.origin[0] = process.hrtime.bigint() + LEAD_NS;
    for (const worker of workers) worker.postMessage('go');
    await orFailure(Promise.all(ended));
    const [{ cpuMs: pacerCpuMs }] = await paced;
    const done = Atomics.load(run.control, DONE);
    if (done < rows.length) throw new Error(`${done} of ${rows.length} queries were answered when the replicas ended`);
    blocks.disable();
    const cpu = process.cpuUsage(cpuBefore);
    return {
      log: copied(run),
      answers: Float64Array.from(run.answers),
      cpuMs: (cpu.user + cpu.system) / 1_000 - pacerCpuMs,
      peakBytes: peakBytes(),
      longestBlockMs: Math.max(0, blocks.max / 1e6 - LOOK_MS), // it tells the time from look to look
      ...hostUsage(hostBefore, hostTimes()),
    };
  } finally {
    advance(run, STOP, 1);
    for (const cell of [ISSUED, DONE]) Atomics.notify(run.control, cell);
  }
}

/** Out of shared memory, which does not travel between processes. */
const copied = ({ scheduledMs, issuedMs, startedMs, completedMs }: LoadTimes): LoadTimes => ({
  scheduledMs: Float64Array.from(scheduledMs),
  issuedMs: Float64Array.from(issuedMs),
  startedMs: Float64Array.from(startedMs),
  completedMs: Float64Array.from(completedMs),
});
