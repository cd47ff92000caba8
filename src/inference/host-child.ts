import { readFileSync } from 'node:fs';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { SessionOptions } from '../domain/measurement.ts';
import { type LoadResult, type Request, type RunResult, type TensorDeclaration, tensorFault } from './protocol.ts';

// onnxruntime-node 1.30 cannot take float16 inputs where Float16Array exists; without it, Uint16Array works both ways.
Reflect.deleteProperty(globalThis, 'Float16Array');
const ort = await import('onnxruntime-node');

let session: InferenceSession | undefined;
let turn: Promise<void> = Promise.resolve();

process.on('disconnect', () => process.exit(0)); // a parent killed with SIGKILL must leave no child
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the parent decides
process.on('message', (request: Request) => {
  turn = turn.then(() => answer(request));
});

async function answer(request: Request): Promise<void> {
  try {
    process.send?.({ id: request.id, result: await execute(request) });
  } catch (error) {
    process.send?.({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
}

function execute(request: Request): Promise<LoadResult | RunResult> | { peakBytes: number } {
  switch (request.kind) {
    case 'load':
      return load(request.modelPath, request.options);
    case 'run':
      return run(request.feeds);
    case 'memory':
      return { peakBytes: peakBytes() };
  }
}

async function load(modelPath: string, options: SessionOptions): Promise<LoadResult> {
  session = await ort.InferenceSession.create(modelPath, {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Spinning burns ten times the CPU a request needs, and hurts the neighbours that are measured beside it.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  });
  return { inputs: session.inputMetadata.map(declaration), outputs: session.outputMetadata.map(declaration) };
}

function declaration(meta: InferenceSession.ValueMetadata): TensorDeclaration {
  if (!meta.isTensor) throw new Error(`'${meta.name}' is not a tensor; only tensors are supported`);
  return { name: meta.name, type: meta.type, shape: meta.shape.map((dim) => (dim === '' || dim === -1 ? '?' : dim)) };
}

async function run(feeds: Extract<Request, { kind: 'run' }>['feeds']): Promise<RunResult> {
  if (!session) throw new Error('no model is loaded');
  const tensors: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(feeds)) {
    const fault = tensorFault(name, value);
    if (fault) throw new Error(fault);
    tensors[name] = new ort.Tensor(value.type as 'float32', value.data as Float32Array, value.dims);
  }
  const startedAt = process.hrtime.bigint();
  const results = await session.run(tensors);
  const elapsedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const outputs: RunResult['outputs'] = {};
  for (const [name, tensor] of Object.entries(results)) {
    const value = { type: tensor.type, dims: [...tensor.dims], data: tensor.data } as RunResult['outputs'][string];
    const fault = tensorFault(name, value);
    if (fault) throw new Error(`the model's output cannot be passed on: ${fault}`);
    outputs[name] = value;
  }
  return { outputs, elapsedMs };
}

function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  if (!line) throw new Error('/proc/self/status has no VmHWM line');
  return Number(line[1]) * 1024;
}
