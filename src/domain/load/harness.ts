/** What the load generator itself did to a run. */
export interface HarnessRecord {
  /** Issued against scheduled. */
  latenessP50Ms: number;
  latenessP99Ms: number;
  /** Share of queries issued later than `tolerableLatenessMs` allows. */
  lateShare: number;
  /** Longest time in which the child's main thread could not run. */
  longestBlockMs: number;
  /** Share of the host's CPU time taken by the hypervisor. */
  stealShare: number;
  /** System clock against steady clock over the run. */
  clockRatio: number;
}

const TOLERABLE_LATE_SHARE = 0.01;
const TOLERABLE_STEAL = 0.05;
const TOLERABLE_CLOCK_ERROR = 0.01; // as LoadGen's

/** A query may be issued as late as 1 ms, or 2 % of the limit where that is more. */
export function tolerableLatenessMs(limitMs = 0): number {
  return Math.max(1, 0.02 * limitMs);
}

/** Why the figures of a run say more of the harness than of the model; empty when they do not. */
export function harnessFaults({ lateShare, stealShare, clockRatio }: HarnessRecord): string[] {
  const faults: string[] = [];
  if (lateShare > TOLERABLE_LATE_SHARE)
    faults.push(`${percent(lateShare)} of the queries were issued late: free a core for the pacer, or lower the rate`);
  if (stealShare > TOLERABLE_STEAL)
    faults.push(`the hypervisor took ${percent(stealShare)} of the CPU: measure on a host of your own`);
  if (Math.abs(clockRatio - 1) > TOLERABLE_CLOCK_ERROR)
    faults.push(`the clocks ran apart (ratio ${clockRatio.toFixed(4)}): repeat the run`);
  return faults;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
