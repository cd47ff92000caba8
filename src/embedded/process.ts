import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { NO_TELEMETRY } from '../domain/no-telemetry.ts';

const RESTART_MS = [500, 1_000, 2_000, 5_000]; // after that, every 5 s
const STOP_GRACE_MS = 20_000; // the gateway drains for 10 s, the worker lets activities stop

export interface ProcessPlan {
  name: string;
  command: string;
  args: string[];
  /** Beside that of the supervisor; undefined takes a variable away. */
  env: Record<string, string | undefined>;
  logPath: string;
  /** Resolves once the process answers; called after every start. */
  ready: () => Promise<void>;
}

/** One child process that is started again whenever it ends by itself. */
export class SupervisedProcess {
  private child?: ChildProcess;
  private stopping = false;
  private restarts = 0;
  private readonly plan: ProcessPlan;
  private readonly onChange: () => void;

  constructor(plan: ProcessPlan, onChange: () => void) {
    this.plan = plan;
    this.onChange = onChange;
  }

  get name(): string {
    return this.plan.name;
  }

  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  async start(): Promise<void> {
    const { command, args, env, logPath, ready } = this.plan;
    const log = createWriteStream(logPath, { flags: 'a' });
    // the ipc channel lets Node children notice that the supervisor was killed
    const child = spawn(command, args, {
      env: { ...process.env, ...NO_TELEMETRY, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    const ended = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        log.end();
        reject(new Error(`${this.name} ended with ${signal ?? code}; its log is ${logPath}`));
        if (!this.stopping) this.restartLater();
      });
    });
    ended.catch(() => {}); // after the start, restartLater answers for it
    this.onChange();
    await Promise.race([ready(), ended]);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (!child || this.pid === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const hardKill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await gone;
    clearTimeout(hardKill);
  }

  private restartLater(): void {
    const pause = RESTART_MS[Math.min(this.restarts, RESTART_MS.length - 1)]!;
    this.restarts += 1;
    setTimeout(() => {
      if (!this.stopping) this.start().catch(() => {}); // its exit has scheduled the next start already
    }, pause);
  }
}
