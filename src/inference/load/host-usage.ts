import { readFileSync } from 'node:fs';
import os from 'node:os';

export interface HostTimes {
  /** Of all cores, milliseconds since boot. */
  totalMs: number;
  /** Taken by the hypervisor; 0 where the platform does not tell. */
  stolenMs: number;
  wallMs: number;
  steadyMs: number;
}

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node runs on

export function hostTimes(): HostTimes {
  const clocks = { wallMs: Date.now(), steadyMs: performance.now() };
  if (os.platform() !== 'linux') return { totalMs: 0, stolenMs: 0, ...clocks };
  const [first] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = first!.trim().split(/\s+/).slice(1, 9).map(Number);
  return { totalMs: ticks.reduce((sum, tick) => sum + tick, 0) * TICK_MS, stolenMs: ticks[7]! * TICK_MS, ...clocks };
}

/** What happened to the host between two readings. */
export function hostUsage(before: HostTimes, after: HostTimes): { stealShare: number; clockRatio: number } {
  const total = after.totalMs - before.totalMs;
  return {
    stealShare: total > 0 ? (after.stolenMs - before.stolenMs) / total : 0,
    clockRatio: (after.wallMs - before.wallMs) / (after.steadyMs - before.steadyMs),
  };
}
