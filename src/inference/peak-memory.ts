import { readFileSync } from 'node:fs';

/** Peak resident set of this process since its start. */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (!line) throw new Error('/proc/self/status has no VmHWM line');
  return Number(line[1]) * 1024;
}
