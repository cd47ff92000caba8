import type { LoadTarget, LoadTimes } from './run.ts';

/** How queries are issued: by the pacer, by the one replica itself as soon as the last is answered, or all at the start. */
type Pace = 'by-replica' | 'at-once' | PacerSettings;

export interface PacerSettings {
  /** Queries issued together. */
  burst: number;
  /** The next burst waits until all before it are done, and its schedule is that moment. */
  isClosed: boolean;
}

/** What the child is asked to play. */
export interface LoadJob {
  target: LoadTarget;
  rows: Int32Array;
  scheduledMs: Float64Array;
  replicas: number;
  warmup: number;
  pace: Pace;
}

export interface LoadCounts {
  done: number;
  total: number;
}

/** What the child answers. */
export interface HostUsage {
  log: LoadTimes;
  answers: Float64Array;
  cpuMs: number;
  peakBytes: number;
  longestBlockMs: number;
  stealShare: number;
  clockRatio: number;
}
