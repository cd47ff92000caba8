import { type HarnessRecord, tolerableLatenessMs } from '../../domain/load/harness.ts';
import type { LoadLog, LoadScenario } from '../../domain/load/verdict.ts';
import type { GpuUsage, SessionOptions } from '../../domain/measurement.ts';
import { orderStatistic } from '../../domain/statistics/order-statistic.ts';
import { openConnection } from '../connection.ts';
import { ModelRunFailed } from '../errors.ts';
import { watchGpu } from './gpu.ts';
import type { HostUsage, LoadCounts, LoadJob } from './job.ts';

/** By what an answer is known again: the class that it names (left out, so), or a digest of all that it holds. */
export type AnsweredBy = 'class' | 'digest';

export type LoadTarget =
  | { kind: 'model'; modelPath: string; dataPath: string; options: SessionOptions; answeredBy?: AnsweredBy }
  /** A model behind the Open Inference Protocol v2, such as Triton's or KServe's; `url` without `/v2`. */
  | { kind: 'endpoint'; url: string; model: string; dataPath: string; answeredBy?: AnsweredBy }
  /** Takes a known time for each query. */
  | { kind: 'simulated'; serviceMs: Float64Array };

export interface RunLoadInput {
  target: LoadTarget;
  scenario: LoadScenario;
  /** Row of the data set for each query, in order. */
  rows: Int32Array;
  /** Server scenario: when each query is due, milliseconds since the start, ascending. */
  scheduledMs?: Float64Array;
  /** Sessions that serve side by side, each on a thread of its own. */
  replicas?: number;
  /** Inferences of each replica before the run. */
  warmup?: number;
  limitMs?: number;
  signal?: AbortSignal;
  onProgress?: (progress: { done: number; total: number }) => void;
}

/** In the order of the schedule; milliseconds since the run began. */
export interface LoadTimes extends LoadLog {
  scheduledMs: Float64Array;
  issuedMs: Float64Array;
  startedMs: Float64Array;
  completedMs: Float64Array;
}

export interface LoadRun {
  log: LoadTimes;
  answers: Float64Array;
  harness: HarnessRecord;
  /** CPU of the sessions, without the pacer's. */
  cpuMsPerQuery: number;
  peakBytes: number;
  /** Of the host, when nvidia-smi answers. */
  gpu: GpuUsage | null;
}

const PROGRESS_MS = 500;
const STREAM_SAMPLES = 8; // of a multi-stream query, as LoadGen's

/** Plays a load against a target in a child of its own; an abort kills it and rejects with the signal's reason. */
export async function runLoad(input: RunLoadInput): Promise<LoadRun> {
  const { target, scenario, rows, replicas = 1, warmup = 10, limitMs, signal, onProgress } = input;
  const scheduledMs = input.scheduledMs ?? new Float64Array(rows.length);
  if (rows.length === 0) throw new RangeError('rows is empty: a load needs at least one query');
  if (scheduledMs.length !== rows.length)
    throw new RangeError(`scheduledMs has ${scheduledMs.length} queries and rows ${rows.length}`);
  if (target.kind === 'endpoint' && replicas !== 1)
    throw new RangeError(`replicas must be 1 for an endpoint, not ${replicas}: it has its own`);
  if (scenario === 'single-stream' && replicas !== 1)
    throw new RangeError(`replicas must be 1 in the single-stream scenario, not ${replicas}`);
  const job: LoadJob = { target, rows, scheduledMs, replicas, warmup, pace: paceOf(scenario) };
  const connection = await openConnection({ signal, entry: new URL('./load-child.ts', import.meta.url) });
  const failed = (message: string) => new ModelRunFailed(message);
  const poll = setInterval(() => {
    connection.call<LoadCounts>({ kind: 'load-progress' }, failed).then(onProgress, () => {});
  }, PROGRESS_MS);
  const gpu = watchGpu();
  try {
    const usage = await connection.call<HostUsage>({ kind: 'load-run', job }, failed);
    return { ...summarize(usage, scenario, limitMs), gpu: await gpu.stop() };
  } finally {
    await gpu.stop();
    clearInterval(poll);
    await connection.close();
  }
}

function paceOf(scenario: LoadScenario): LoadJob['pace'] {
  switch (scenario) {
    case 'server':
      return { burst: 1, isClosed: false };
    case 'single-stream':
      return 'by-replica';
    case 'multi-stream':
      return { burst: STREAM_SAMPLES, isClosed: true };
    case 'offline':
      return 'at-once';
  }
}

function summarize(usage: HostUsage, scenario: LoadScenario, limitMs: number | undefined): Omit<LoadRun, 'gpu'> {
  const { log, answers, cpuMs, peakBytes, ...host } = usage;
  const lateness = log.issuedMs.map((issued, i) => issued - log.scheduledMs[i]!).sort();
  const tolerable = tolerableLatenessMs(limitMs);
  return {
    log: scenario === 'multi-stream' ? queriesOf(log) : log,
    answers,
    harness: {
      latenessP50Ms: orderStatistic(lateness, 0.5),
      latenessP99Ms: orderStatistic(lateness, 0.99),
      lateShare: lateness.filter((late) => late > tolerable).length / lateness.length,
      ...host,
    },
    cpuMsPerQuery: cpuMs / answers.length,
    peakBytes,
  };
}

/** A multi-stream query is as slow as the slowest of its samples. */
function queriesOf({ scheduledMs, issuedMs, startedMs, completedMs }: LoadTimes): LoadTimes {
  const queries = Math.ceil(completedMs.length / STREAM_SAMPLES);
  const each = (values: Float64Array, of: (samples: Float64Array) => number) =>
    Float64Array.from({ length: queries }, (_, q) => of(values.subarray(q * STREAM_SAMPLES, (q + 1) * STREAM_SAMPLES)));
  return {
    scheduledMs: each(scheduledMs, ([first]) => first!),
    issuedMs: each(issuedMs, ([first]) => first!),
    startedMs: each(startedMs, ([first]) => first!),
    completedMs: each(completedMs, (samples) => Math.max(...samples)),
  };
}
