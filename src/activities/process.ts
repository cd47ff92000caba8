import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

const KILL_GRACE_MS = 5_000;
const LAST_WORDS_BYTES = 2_000;

export interface ToolRun {
  /** The whole environment of the tool: nothing is inherited. */
  env: Record<string, string>;
  signal: AbortSignal;
  stdin?: string;
  /** A line of stdout, without its end. */
  onLine?: (line: string) => void;
  /** Where stderr goes. */
  stderrPath: string;
}

/**
 * Runs a tool in its own process group and returns its exit code, -1 where a signal ended it. On abort the whole group
 * goes, grandchildren included, and the signal's reason is thrown.
 */
export async function runTool(command: string, args: string[], run: ToolRun): Promise<number> {
  const { env, signal, stdin, onLine, stderrPath } = run;
  signal.throwIfAborted();
  const log = await open(stderrPath, 'w');
  const child = spawn(command, args, { detached: true, env, stdio: ['pipe', 'pipe', log.fd] });
  const killGroup = (how: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, how);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let hardKill: NodeJS.Timeout | undefined;
  const onAbort = () => {
    killGroup('SIGTERM');
    hardKill = setTimeout(() => killGroup('SIGKILL'), KILL_GRACE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    child.once('exit', () => killGroup('SIGKILL')); // what outlives the tool would hold its stdout open for ever
    child.stdin!.on('error', () => {}); // EPIPE when the tool exits before reading; its exit code tells
    child.stdin!.end(stdin);
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine?.(line);
    });
    const code = await closed;
    signal.throwIfAborted();
    if (rest) onLine?.(rest);
    return code ?? -1;
  } finally {
    await log.close();
    clearTimeout(hardKill);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The end of a log, for a message that must say what happened. */
export async function lastWordsOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, LAST_WORDS_BYTES));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trim();
  } finally {
    await file.close();
  }
}
