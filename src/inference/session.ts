import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { type RuntimeSettings, runtimeSettings, type SessionOptions } from '../domain/measurement.ts';
import { type LoadResult, type RunResult, type TensorDeclaration, type TensorValue, tensorFault } from './protocol.ts';

// onnxruntime-node 1.30 cannot take float16 inputs where Float16Array exists; without it, Uint16Array works both ways.
Reflect.deleteProperty(globalThis, 'Float16Array');
const ort = await import('onnxruntime-node');

/** A model in this thread. `run` blocks the thread while it computes: only for children that do nothing else. */
export interface Session extends LoadResult {
  run(feeds: Record<string, TensorValue>): Promise<RunResult>;
}

/** Rejects with ONNX Runtime's own words; for a provider that is not there, with what it needs. */
export async function createSession(modelPath: string, options: SessionOptions): Promise<Session> {
  const { allowSpinning: allow_spinning, ...settings } = runtimeSettings(options);
  const session = await ort.InferenceSession.create(modelPath, {
    ...settings,
    extra: { session: { intra_op: { allow_spinning }, inter_op: { allow_spinning } } },
    logSeverityLevel: 3,
  }).catch((error: Error) => {
    const isMissing = error.message.includes(MISSING_LIBRARY);
    throw isMissing ? new Error(notAvailable(settings.executionProviders[0]!), { cause: error }) : error;
  });
  const tensorsOf = tensorMaker();
  return {
    inputs: session.inputMetadata.map(declaration),
    outputs: session.outputMetadata.map(declaration),
    run: (feeds) => run(session, tensorsOf(feeds)),
  };
}

const MISSING_LIBRARY = 'Failed to load shared library';

/** ONNX Runtime finds the provider's library missing when it first wants it, be there a GPU or not. */
function notAvailable(provider: RuntimeSettings['executionProviders'][number]): string {
  const needs = provider === 'tensorrt' ? 'CUDA 12, cuDNN 9 and TensorRT 10' : 'CUDA 12 and cuDNN 9';
  return `provider '${provider}' is not available here: it needs an NVIDIA GPU, ${needs}, and ONNX Runtime's CUDA libraries beside onnxruntime-node's; install them, or set serving.provider to cpu`;
}

function declaration(meta: InferenceSession.ValueMetadata): TensorDeclaration {
  if (!meta.isTensor) throw new Error(`'${meta.name}' is not a tensor; only tensors are supported`);
  return { name: meta.name, type: meta.type, shape: meta.shape.map((dim) => (dim === '' || dim === -1 ? '?' : dim)) };
}

/** Feeds that come again, as in a load test, are checked and wrapped once. */
function tensorMaker(): (feeds: Record<string, TensorValue>) => Record<string, Tensor> {
  const made = new WeakMap<object, Record<string, Tensor>>();
  return (feeds) => {
    const known = made.get(feeds);
    if (known) return known;
    const tensors = toTensors(feeds);
    made.set(feeds, tensors);
    return tensors;
  };
}

function toTensors(feeds: Record<string, TensorValue>): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(feeds)) {
    const fault = tensorFault(name, value);
    if (fault) throw new Error(fault);
    tensors[name] =
      value.type === 'string'
        ? new ort.Tensor('string', (value.data as Uint8Array[]).map(textOf), value.dims)
        : new ort.Tensor(value.type as 'float32', value.data as Float32Array, value.dims);
  }
  return tensors;
}

async function run(session: InferenceSession, tensors: Record<string, Tensor>): Promise<RunResult> {
  const startedAt = process.hrtime.bigint();
  const results = await session.run(tensors);
  const elapsedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const outputs: RunResult['outputs'] = {};
  for (const [name, tensor] of Object.entries(results)) {
    const data = tensor.type === 'string' ? (tensor.data as string[]).map((text) => Buffer.from(text)) : tensor.data;
    const value = { type: tensor.type, dims: [...tensor.dims], data } as RunResult['outputs'][string];
    const fault = tensorFault(name, value);
    if (fault) throw new Error(`the model's output cannot be passed on: ${fault}`);
    outputs[name] = value;
  }
  return { outputs, elapsedMs };
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
