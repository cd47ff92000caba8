/** Cells of `control`; each only grows, but for `stop`. */
export const ISSUED = 0;
export const TAKEN = 1;
export const DONE = 2;
export const STOP = 3;

/** What pacer and replicas share: one cell a query, in the order of the schedule; milliseconds since `origin`. */
export interface SharedRun {
  control: Int32Array;
  /** `process.hrtime.bigint()` at the start of the run. */
  origin: BigInt64Array;
  scheduledMs: Float64Array;
  issuedMs: Float64Array;
  startedMs: Float64Array;
  completedMs: Float64Array;
  /** Row of the data set that a query asks for. */
  rows: Int32Array;
  /** The class that was answered, or the digest of the outputs; -1 where the target has none. */
  answers: Float64Array;
}

export function createSharedRun(rows: Int32Array): SharedRun {
  const doubles = () => new Float64Array(new SharedArrayBuffer(8 * rows.length));
  const run: SharedRun = {
    control: new Int32Array(new SharedArrayBuffer(16)),
    origin: new BigInt64Array(new SharedArrayBuffer(8)),
    scheduledMs: doubles(),
    issuedMs: doubles(),
    startedMs: doubles(),
    completedMs: doubles(),
    rows: new Int32Array(new SharedArrayBuffer(4 * rows.length)),
    answers: doubles(),
  };
  run.rows.set(rows);
  run.answers.fill(-1);
  return run;
}

/** Milliseconds since the start of the run, the same in every thread. */
export function sinceOrigin({ origin }: SharedRun): number {
  return Number(process.hrtime.bigint() - origin[0]!) / 1e6;
}

// Sleeping wakes late, by 0.2 ms after a short sleep and by up to a time slice after a long one; spinning hides it.
const SPIN_MS = { least: 0.25, most: 1.5, shareOfWait: 0.1 };
const sleepCell = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread until a moment of the run: asleep first, spinning at the end. */
export function waitUntil(run: SharedRun, atMs: number): void {
  const waitMs = atMs - sinceOrigin(run);
  const sleepMs = waitMs - Math.min(SPIN_MS.most, Math.max(SPIN_MS.least, SPIN_MS.shareOfWait * waitMs));
  if (sleepMs > 0) Atomics.wait(sleepCell, 0, 0, sleepMs);
  while (sinceOrigin(run) < atMs);
}

/** Blocks this thread until a cell of `control` has reached a count; false when the run was stopped. */
export function waitForCount({ control }: SharedRun, cell: number, count: number): boolean {
  for (;;) {
    if (Atomics.load(control, STOP)) return false;
    const seen = Atomics.load(control, cell);
    if (seen >= count) return true;
    Atomics.wait(control, cell, seen);
  }
}

/** Resolves when so many queries are issued, without blocking this thread; false when the run was stopped. */
export async function isIssued({ control }: SharedRun, count: number): Promise<boolean> {
  for (;;) {
    if (Atomics.load(control, STOP)) return false;
    const seen = Atomics.load(control, ISSUED);
    if (seen >= count) return true;
    await Atomics.waitAsync(control, ISSUED, seen).value;
  }
}

export function advance({ control }: SharedRun, cell: number, to: number): void {
  Atomics.store(control, cell, to);
  Atomics.notify(control, cell);
}
