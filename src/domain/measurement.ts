import type { ArtifactRef } from './artifact.ts';

/** How a model is run: the same options for evaluation, measurement and serving. */
export interface SessionOptions {
  threads: number;
  /** Who executes the graph; what it cannot execute falls back to the CPU. Left out, the CPU. */
  provider?: Provider | undefined;
  /** Idle threads of ONNX Runtime wait in a loop: sooner awake, and a core burnt. Left out, they sleep. */
  spinning?: boolean | undefined;
}

export const PROVIDERS = ['cpu', 'cuda', 'tensorrt'] as const;
type Provider = (typeof PROVIDERS)[number];

/** Options with which a figure was measured, for people. */
export function describeOptions({ threads, provider = 'cpu', spinning = false }: SessionOptions): string {
  return `${provider}, ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${spinning ? 'spinning' : 'no spinning'}`;
}

export interface RuntimeSettings {
  /** In the order of preference; each executes what those before it cannot. */
  executionProviders: Provider[];
  intraOpNumThreads: number;
  interOpNumThreads: number;
  graphOptimizationLevel: 'all';
  /** `session.intra_op.allow_spinning` and `session.inter_op.allow_spinning`. */
  allowSpinning: '0' | '1';
}

const FALLBACKS: Record<Provider, Provider[]> = {
  cpu: ['cpu'],
  cuda: ['cuda', 'cpu'],
  tensorrt: ['tensorrt', 'cuda', 'cpu'],
};

/** What ONNX Runtime is told, wherever the model runs. Spinning threads hurt the neighbours that are measured beside. */
export function runtimeSettings({ threads, provider = 'cpu', spinning = false }: SessionOptions): RuntimeSettings {
  return {
    executionProviders: FALLBACKS[provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    allowSpinning: spinning ? '1' : '0',
  };
}

/** The host a figure was measured on; figures of different hosts are never compared. */
export interface HostFingerprint {
  cpuModel: string;
  cores: number;
  memoryBytes: number;
  /** Of interest to quantization: avx2, avx512f, avx512_vnni, avx_vnni, amx_int8. */
  instructionSets: string[];
  gpu: string | null;
  onnxruntime: string;
  node: string;
  platform: string;
}

/** All GPUs of the host together, over one run. */
export interface GpuUsage {
  /** Mean share of the time in which a kernel ran, over the GPUs. */
  utilisation: number;
  /** Largest sum over the GPUs. */
  peakMemoryBytes: number;
  /** Sum over the GPUs; null where the driver does not tell. */
  meanPowerWatts: number | null;
}

/** Percentiles of single-request latency, milliseconds. */
export interface LatencyPercentiles {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/**
 * Interleaved comparison: in every round the same input runs on the baseline, on its twin (A/A) and on the candidate.
 * `rounds` holds the raw latencies (JSON `{ baseline, twin, candidate }`, milliseconds, equal lengths).
 */
export interface LatencyComparison {
  rounds: ArtifactRef;
  /** median(baseline) / median(candidate); above 1 the candidate is faster. */
  speedup: number;
  /** 95 %: Student's of the blocks' log ratios; a percentile bootstrap over rounds in older engagements. */
  speedupInterval: [number, number];
  /** The same ratio of baseline against itself: what the host's noise alone makes. */
  noiseFloor: number;
  noiseInterval: [number, number];
  baseline: LatencyPercentiles;
  candidate: LatencyPercentiles;
}

export interface Throughput {
  /** Inferences per second, closed loop, `threads` intra-op threads, one row a request. */
  perSecond: number;
  requests: number;
}

/** Which kernels ONNX Runtime really runs for nodes with weights, read from the optimized graph. */
export interface Coverage {
  integer: number;
  float: number;
  /** `integer / (integer + float)`, 0 when there is none. */
  share: number;
  /** Count per operator type of the optimized graph. */
  operators: Record<string, number>;
  /** Nodes with weights that stayed in float although they were to be quantized, at most 20. */
  fallbacks: string[];
  /** Nodes with weights that the recipe keeps in FP32; not in `float`. */
  kept?: number;
}

/** Per-row results: Arrow IPC with `id`, `top1` (int32), `score` (float64 softmax), `margin` (float64, top 1 - top 2). */
export interface Predictions {
  arrow: ArtifactRef;
  rows: number;
}

/** What the toolkit made. */
export interface QuantizedModel {
  model: ArtifactRef;
  sizeBytes: number;
  coverage: Coverage;
  toolkitVersions: Record<string, string>;
  durationMs: number;
  /** Of a candidate of TensorRT's toolkit. */
  engine?: Engine;
}

/** TensorRT's own build of a candidate, timed on the GPU alone, one row at a time; or why there is none. */
export type Engine =
  | ({ state: 'built'; tensorrt: string; gpu: string; sizeBytes: number; queries: number } & LatencyPercentiles)
  | { state: 'failed'; reason: string }
  | { state: 'unavailable'; reason: string; install: string };

/** One sentence for people. */
export function describeEngine(engine: Engine): string {
  if (engine.state === 'failed') return `TensorRT could not build an engine of it: ${engine.reason}`;
  if (engine.state === 'unavailable') return `TensorRT engine: ${engine.reason}; to have one, ${engine.install}`;
  const { tensorrt, gpu, sizeBytes, queries, p50Ms, p99Ms } = engine;
  const latency = `p50 ${p50Ms.toFixed(3)} / p99 ${p99Ms.toFixed(3)} ms over ${queries} queries`;
  return `TensorRT ${tensorrt} engine on ${gpu}: ${latency}, ${(sizeBytes / 1e6).toFixed(1)} MB`;
}

/** One measured candidate in the ledger; written once, only when everything in it was measured. */
export interface Trial {
  key: string;
  /** Hash of the recipe; the human-readable id is the candidate's. */
  recipeSha256: string;
  /** The baseline's model artifact. */
  parentSha256: string;
  quantized: QuantizedModel;
  predictions: Predictions;
  latency: LatencyComparison;
  /** Measured in alternating blocks, so that their ratio means something. */
  throughput: { baseline: Throughput; candidate: Throughput };
  /** Peak resident set of a fresh host after the measurement, less that of an empty one. */
  memoryBytes: number;
  host: HostFingerprint;
  options: SessionOptions;
  durationMs: number;
}

/** A candidate given up before its accuracy was asked: too few integer kernels, or no faster than the host's noise. */
export interface GivenUp extends Omit<Trial, 'predictions' | 'latency' | 'throughput' | 'memoryBytes'> {
  /** Null where the kernels alone decided. */
  latency: LatencyComparison | null;
  isGivenUp: true;
}

/** The FP32 model as it is today, on the selection data. */
export interface BaselineMeasurement {
  key: string;
  model: ArtifactRef;
  sizeBytes: number;
  predictions: Predictions;
  latency: LatencyPercentiles;
  throughput: Throughput;
  memoryBytes: number;
  host: HostFingerprint;
  options: SessionOptions;
  durationMs: number;
}
