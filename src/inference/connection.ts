import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { NO_TELEMETRY } from '../domain/no-telemetry.ts';
import { HostDied } from './errors.ts';
import type { Command, Reply, Request } from './protocol.ts';

const LAST_WORDS_CHARS = 2_000;

/** All that a child inherits: where compiled code and libraries are, which allocator and GPU to use, and no secret. */
const INHERITED = [
  'NODE_COMPILE_CACHE',
  'PATH',
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'TMPDIR',
  'SystemRoot',
  'CUDA_VISIBLE_DEVICES',
];

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that loaded ONNX Runtime; requests are answered in order. */
export interface Connection {
  readonly pid: number;
  readonly alive: boolean;
  /** Rejects with `refused(message)` when the child answers with an error, with `HostDied` when it ends. */
  call<T>(command: Command, refused: (message: string) => Error): Promise<T>;
  onExit(listener: (exit: ChildExit) => void): void;
  /** Ends the child, whatever it does; resolves when it is gone. */
  close(): Promise<void>;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  refused(message: string): Error;
}

const HOST_CHILD = new URL('./host-child.ts', import.meta.url);

/** Starts a child without a session. An abort kills it and rejects what is pending with the signal's reason. */
export async function openConnection(input: { signal?: AbortSignal; entry?: URL } = {}): Promise<Connection> {
  const { signal, entry = HOST_CHILD } = input;
  signal?.throwIfAborted();
  const child = fork(entry, {
    serialization: 'advanced',
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...Object.fromEntries(INHERITED.map((name) => [name, process.env[name]])), ...NO_TELEMETRY },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const connection = connect(child, signal);
  await once(child, 'spawn');
  return connection;
}

function connect(child: ChildProcess, signal: AbortSignal | undefined): Connection {
  const pending = new Map<number, Pending>();
  const listeners: ((exit: ChildExit) => void)[] = [];
  let nextId = 0;
  let lastWords = '';
  let ended: Error | undefined;

  const end = (exit: ChildExit, cause?: Error) => {
    if (ended) return;
    signal?.removeEventListener('abort', kill);
    const died = cause ?? new HostDied({ ...exit, lastWords: lastWords.trim() });
    ended = died;
    for (const { reject } of pending.values()) reject(signal?.aborted ? signal.reason : died);
    pending.clear();
    for (const listener of listeners) listener(exit);
  };
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code, exitSignal) => resolve(end({ code, signal: exitSignal })));
    child.once('error', (error) => resolve(end({ code: null, signal: null }, error)));
  });
  const kill = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARS);
  });
  child.on('message', (reply: Reply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if ('error' in reply) waiting?.reject(waiting.refused(reply.error));
    else waiting?.resolve(reply.result);
  });

  return {
    get pid() {
      return child.pid!;
    },
    get alive() {
      return !ended && child.exitCode === null && child.signalCode === null;
    },
    call<T>(command: Command, refused: (message: string) => Error) {
      return new Promise<T>((resolve, reject) => {
        if (ended || !child.connected) {
          void gone.then(() => reject(signal?.aborted ? signal.reason : ended));
          return;
        }
        const request: Request = { ...command, id: nextId++ };
        pending.set(request.id, { resolve: resolve as Pending['resolve'], reject, refused });
        // A send that fails means that the child is going; its exit rejects everything pending.
        child.send(request, () => {});
      });
    },
    onExit(listener) {
      listeners.push(listener);
    },
    async close() {
      kill();
      await gone;
    },
  };
}
