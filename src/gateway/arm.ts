import type { ArmStatus } from '../domain/traffic.ts';
import type { ChildExit } from '../inference/connection.ts';
import type { Host, RunResult, TensorValue } from '../inference/host.ts';
import { ArmDown, ArmTimeout, messageOf } from './errors.ts';

export type ArmName = 'twin' | 'candidate';

const FIRST_RESTART_MS = 100;
const SLOWEST_RESTART_MS = 30_000;
/** A host that lived this long did not die of its start, so the back-off begins anew. */
const STABLE_MS = 60_000;
/** With clients waiting, every fourth run is a comparison: a saturated arm still gathers evidence. */
const CLIENT_RUNS_PER_COMPARISON = 3;

export interface RunOptions {
  /** From the call to the answer; a host that takes as long for one run is taken for hung and is killed. */
  timeoutMs: number;
  /** Comparisons run when no client waits, and fail at once when the host is down. */
  priority: 'client' | 'comparison';
  /** Whether to wait for a host that is being restarted. */
  patient: boolean;
}

interface Job extends RunOptions {
  feeds: Record<string, TensorValue>;
  dispatched: boolean;
  resolve(result: RunResult): void;
  reject(error: Error): void;
}

/** What runs the model: a child process, one request at a time, or a server elsewhere, several at a time. */
export interface ArmHost extends Pick<Host, 'inputs' | 'outputs' | 'alive' | 'close'> {
  readonly pid: number | null;
  /** Absent: one, and what takes too long is taken for hung. */
  readonly concurrency?: number;
  run(feeds: Record<string, TensorValue>, timeoutMs: number): Promise<RunResult>;
  onExit(listener: (exit: { why: string } | ChildExit) => void): void;
}

/** One model on a supervised host; clients first. */
export class Arm {
  readonly name: ArmName;
  readonly #start: (signal: AbortSignal) => Promise<ArmHost>;
  readonly #closing = new AbortController();
  readonly #queues: Record<RunOptions['priority'], Job[]> = { client: [], comparison: [] };
  #host?: ArmHost;
  #state: ArmStatus['state'] = 'starting';
  #restarts = 0;
  #lastError: string | null = null;
  #backOffMs = FIRST_RESTART_MS;
  #startedAt = 0;
  #restartTimer?: NodeJS.Timeout;
  #running = 0;
  #clientRuns = 0;

  constructor(name: ArmName, start: (signal: AbortSignal) => Promise<ArmHost>) {
    this.name = name;
    this.#start = start;
  }

  /** Starts the host; throws when it cannot be started, and then nothing is tried again. */
  async open(): Promise<ArmHost> {
    this.#state = 'starting';
    const host = await this.#start(this.#closing.signal);
    if (this.#closing.signal.aborted) {
      await host.close();
      throw this.#closing.signal.reason;
    }
    this.#host = host;
    this.#state = 'ready';
    this.#startedAt = Date.now();
    host.onExit((exit) => this.#lost(host, wayOf(exit)));
    if (!host.alive) this.#lost(host, 'ended at once');
    this.#pump();
    return host;
  }

  /** Starts the host, again and again where needed; resolves after the first attempt. */
  async keepOpen(): Promise<void> {
    await this.open().catch((error: unknown) => this.#restartLater(messageOf(error)));
  }

  get status(): ArmStatus {
    const pid = this.#state === 'ready' ? this.#host!.pid : null;
    return { state: this.#state, pid, restarts: this.#restarts, lastError: this.#lastError };
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** What the model takes and gives, once it was loaded. */
  get host(): ArmHost | undefined {
    return this.#host;
  }

  run(feeds: Record<string, TensorValue>, options: RunOptions): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed' || (!this.ready && !options.patient))
        return reject(new ArmDown(`the ${this.name} arm is ${this.#state}`));
      const queue = this.#queues[options.priority];
      const settle = () => {
        clearTimeout(timer);
        const waiting = queue.indexOf(job);
        if (waiting >= 0) queue.splice(waiting, 1);
      };
      const job: Job = {
        ...options,
        feeds,
        dispatched: false,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => job.reject(new ArmTimeout(this.name, options.timeoutMs, job.dispatched)),
        options.timeoutMs
      );
      queue.push(job);
      this.#pump();
    });
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#restartTimer);
    this.#closing.abort(new ArmDown(`the ${this.name} arm is closed`));
    this.#rejectQueued(() => true);
    await this.#host?.close();
  }

  #pump(): void {
    while (this.ready && this.#running < (this.#host!.concurrency ?? 1)) {
      const job = this.#next();
      if (!job) return;
      this.#dispatch(this.#host!, job);
    }
  }

  #dispatch(host: ArmHost, job: Job): void {
    this.#running++;
    job.dispatched = true;
    const hung = host.concurrency === undefined && setTimeout(() => void host.close(), job.timeoutMs);
    host
      .run(job.feeds, job.timeoutMs)
      .then(job.resolve, job.reject)
      .finally(() => {
        if (hung) clearTimeout(hung);
        this.#running--;
        this.#pump();
      });
  }

  #next(): Job | undefined {
    const { client, comparison } = this.#queues;
    const compare = client.length === 0 || this.#clientRuns >= CLIENT_RUNS_PER_COMPARISON;
    if (compare && comparison.length > 0) {
      this.#clientRuns = 0;
      return comparison.shift();
    }
    this.#clientRuns++;
    return client.shift();
  }

  #lost(host: ArmHost, how: string): void {
    if (this.#host !== host || this.#state !== 'ready') return;
    if (Date.now() - this.#startedAt > STABLE_MS) this.#backOffMs = FIRST_RESTART_MS;
    this.#restartLater(`the host ended: ${how}`);
  }

  #restartLater(why: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'down';
    this.#lastError = why;
    this.#rejectQueued((job) => !job.patient);
    this.#restartTimer = setTimeout(() => {
      this.#restarts++;
      void this.keepOpen();
    }, this.#backOffMs);
    this.#backOffMs = Math.min(this.#backOffMs * 2, SLOWEST_RESTART_MS);
  }

  #rejectQueued(which: (job: Job) => boolean): void {
    const queued = [...this.#queues.client, ...this.#queues.comparison];
    for (const job of queued.filter(which)) job.reject(new ArmDown(`the ${this.name} arm is ${this.#state}`));
  }
}

const wayOf = (exit: { why: string } | ChildExit) => {
  if ('why' in exit) return exit.why;
  return exit.signal ? `killed by ${exit.signal}` : `exit code ${exit.code}`;
};
