import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { PacerSettings } from './job.ts';
import { advance, DONE, ISSUED, type SharedRun, sinceOrigin, waitForCount, waitUntil } from './shared.ts';

const { run, pace } = workerData as { run: SharedRun; pace: PacerSettings };
const queries = run.rows.length;

comeFirst();
parentPort!.once('message', issueAll); // starts with the replicas
parentPort!.postMessage('ready');

/** Before the replicas where the operating system allows it, which on Linux it does of a thread; else as they are. */
function comeFirst(): void {
  try {
    setPriority(-20);
  } catch {
    // not allowed without privileges
  }
}

function issueAll(): void {
  for (let first = 0; first < queries; first += pace.burst) {
    const end = Math.min(first + pace.burst, queries);
    if (pace.isClosed) {
      if (!waitForCount(run, DONE, first)) break;
      run.scheduledMs.fill(sinceOrigin(run), first, end);
    } else if (!waitForCount(run, ISSUED, first)) break;
    else waitUntil(run, run.scheduledMs[first]!);
    run.issuedMs.fill(sinceOrigin(run), first, end);
    advance(run, ISSUED, end);
  }
  const { user, system } = process.threadCpuUsage();
  parentPort!.postMessage({ cpuMs: (user + system) / 1_000 });
}
