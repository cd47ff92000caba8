import { readFileSync } from 'node:fs';

/** A process id alone may be given to another process later; with the start time it cannot be mistaken. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string | null;
}

export function processIdentity(pid: number): ProcessIdentity {
  return { pid, startedAt: startTime(pid) };
}

/** Whether that very process is still there; a zombie is not. */
export function isSameProcess({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startTime(pid) === startedAt;
}

/** Field 22 of /proc/<pid>/stat (proc(5)); null where there is no procfs or the process has ended. */
function startTime(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return fields[0] === 'Z' ? null : fields[19]!;
  } catch {
    return null;
  }
}
