import { readDataset } from '../../src/inference/dataset.ts';

Reflect.deleteProperty(globalThis, 'Float16Array');
const ort = await import('onnxruntime-node');

const WARMUP = 50;
const [modelPath, dataPath, ...numbers] = process.argv.slice(2);
const [threads, queries, rows] = numbers.map(Number);

const session = await ort.InferenceSession.create(modelPath!, {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
});
const inputs = session.inputMetadata.map((meta) => {
  if (!meta.isTensor) throw new Error(`'${meta.name}' is not a tensor`);
  return { name: meta.name, type: meta.type, shape: meta.shape.map((dim) => (dim === '' ? '?' : dim)) };
});
const data = readDataset(dataPath!, inputs);
const feeds = Array.from({ length: rows! }, (_, row) =>
  Object.fromEntries(
    Object.entries(data.feeds(row)).map(([name, { type, data: values, dims }]) => [
      name,
      new ort.Tensor(type as 'float32', values as Float32Array, dims),
    ])
  )
);
for (let i = 0; i < WARMUP; i++) await session.run(feeds[i % rows!]!);
const latenciesMs: number[] = [];
for (let i = 0; i < queries!; i++) {
  const startedAt = process.hrtime.bigint();
  await session.run(feeds[i % rows!]!);
  latenciesMs.push(Number(process.hrtime.bigint() - startedAt) / 1e6);
}
process.stdout.write(JSON.stringify(latenciesMs));
