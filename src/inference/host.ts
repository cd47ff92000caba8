import type { SessionOptions } from '../domain/measurement.ts';
import { type ChildExit, type Connection, openConnection } from './connection.ts';
import { ModelLoadFailed, ModelRunFailed } from './errors.ts';
import type { LoadResult, RunResult, TensorDeclaration, TensorValue } from './protocol.ts';

export { HostDied, ModelLoadFailed, ModelRunFailed } from './errors.ts';
export type { RunResult, TensorData, TensorDeclaration, TensorType, TensorValue } from './protocol.ts';

/** One ONNX Runtime session in a child process of its own. */
export interface Host {
  readonly inputs: TensorDeclaration[];
  readonly outputs: TensorDeclaration[];
  readonly pid: number;
  readonly alive: boolean;
  /** Runs are served one after the other. Rejects with `ModelRunFailed`, or with `HostDied` when the child ends. */
  run(feeds: Record<string, TensorValue>): Promise<RunResult>;
  /** Peak resident set of the child since its start. */
  memory(): Promise<{ peakBytes: number }>;
  onExit(listener: (exit: ChildExit) => void): void;
  /** Ends the child; runs still pending reject with `HostDied`. */
  close(): Promise<void>;
}

export interface StartHostInput {
  modelPath: string;
  options: SessionOptions;
  /** An abort kills the child and rejects what is pending with the signal's reason. */
  signal?: AbortSignal;
}

/** Loads a model in a fresh child; throws `ModelLoadFailed` with ONNX Runtime's own words. */
export async function startHost({ modelPath, options, signal }: StartHostInput): Promise<Host> {
  const connection = await openConnection({ signal });
  try {
    const { inputs, outputs } = await connection.call<LoadResult>(
      { kind: 'load', modelPath, options },
      (message) => new ModelLoadFailed(`cannot load the model: ${message}`)
    );
    return new SessionHost(connection, inputs, outputs);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Peak resident set of a child that loaded ONNX Runtime and no model: what every host costs. */
export async function emptyHostPeakBytes({ signal }: { signal?: AbortSignal } = {}): Promise<number> {
  const connection = await openConnection({ signal });
  try {
    return (await peakOf(connection)).peakBytes;
  } finally {
    await connection.close();
  }
}

class SessionHost implements Host {
  readonly inputs: TensorDeclaration[];
  readonly outputs: TensorDeclaration[];
  readonly #connection: Connection;

  constructor(connection: Connection, inputs: TensorDeclaration[], outputs: TensorDeclaration[]) {
    this.#connection = connection;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  get pid(): number {
    return this.#connection.pid;
  }

  get alive(): boolean {
    return this.#connection.alive;
  }

  run(feeds: Record<string, TensorValue>): Promise<RunResult> {
    return this.#connection.call<RunResult>({ kind: 'run', feeds }, (message) => new ModelRunFailed(message));
  }

  memory(): Promise<{ peakBytes: number }> {
    return peakOf(this.#connection);
  }

  onExit(listener: (exit: ChildExit) => void): void {
    this.#connection.onExit(listener);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

const peakOf = (connection: Connection) =>
  connection.call<{ peakBytes: number }>({ kind: 'memory' }, (message) => new Error(message));
