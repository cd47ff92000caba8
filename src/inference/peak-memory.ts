import { readFileSync } from 'node:fs';

/** Peak resident set of this process since its start. */
export const peakBytes = (): number =>
  process.platform === 'linux' ? peakBytesOf('self') : process.resourceUsage().maxRSS * 1024;

/** The same of any process; on Linux. */
export function peakBytesOf(pid: number | 'self'): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!line) throw new Error(`/proc/${pid}/status has no VmHWM line`);
  return Number(line[1]) * 1024;
}
