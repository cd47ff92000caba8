import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import { readDataset } from '../../src/inference/dataset.ts';
import { type LoadTarget, runLoad } from '../../src/inference/load/run.ts';
import type { Figure } from './figure.ts';

Reflect.deleteProperty(globalThis, 'Float16Array');
const ort = await import('onnxruntime-node');

const BLOCKS = 8;
const THROUGHPUT_BLOCKS = 12;

/** A stream through the harness against `session.run` in a bare loop, block by block, on the same rows. */
export async function overheadFigures(input: {
  quick: boolean;
  target: Extract<LoadTarget, { kind: 'model' }>;
}): Promise<Figure[]> {
  const queries = input.quick ? 2_000 : 10_000;
  const bare: number[] = [];
  const harness: number[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const rows = new Int32Array(queries / BLOCKS).map((_, i) => i % 6);
    const turns = [
      async () => void bare.push(...(await bareLoop(input.target, rows))),
      async () => {
        const { log } = await runLoad({ target: input.target, scenario: 'single-stream', rows, warmup: 200 });
        harness.push(...log.completedMs.map((done, i) => done - log.scheduledMs[i]!));
      },
    ];
    for (const turn of block % 2 ? turns.reverse() : turns) await turn();
  }
  const over = (p: number) => 1_000 * (at(harness, p) - at(bare, p));
  return [
    { name: 'overhead of a query over session.run: p50', value: over(0.5), unit: 'us', goal: 30, peer: null },
    { name: 'overhead of a query over session.run: p99', value: over(0.99), unit: 'us', goal: 150, peer: null },
  ];
}

/** Queries a second, all at once through the harness against the bare loop, block by block; a model of real weight. */
export async function throughputFigures(input: {
  quick: boolean;
  target: Extract<LoadTarget, { kind: 'model' }>;
}): Promise<Figure[]> {
  const { target, quick } = input;
  const rows = new Int32Array(quick ? 1_000 : 2_000).map((_, i) => i % 6);
  const ratios: number[] = [];
  for (let block = 0; block < THROUGHPUT_BLOCKS; block++) {
    const spentMs = { bare: 0, harness: 0 };
    const turns = [
      async () => {
        spentMs.bare = (await bareLoop(target, rows)).reduce((total, ms) => total + ms, 0);
      },
      async () => {
        const { log } = await runLoad({ target, scenario: 'offline', rows, warmup: 200 });
        spentMs.harness = Math.max(...log.completedMs);
      },
    ];
    for (const turn of block % 2 ? turns.reverse() : turns) await turn();
    ratios.push(spentMs.harness / spentMs.bare);
  }
  const cost = 100 * (at(ratios, 0.5) - 1);
  return [{ name: 'throughput lost to the harness, offline', value: cost, unit: '%', goal: 2, peer: null }];
}

async function bareLoop({ modelPath, dataPath, options }: Extract<LoadTarget, { kind: 'model' }>, rows: Int32Array) {
  const session = await ort.InferenceSession.create(modelPath, {
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  const inputs = session.inputMetadata.map((meta) => {
    if (!meta.isTensor) throw new Error(`'${meta.name}' is not a tensor`);
    return { name: meta.name, type: meta.type, shape: meta.shape.map((dim) => (dim === '' ? '?' : dim)) };
  });
  const data = readDataset(dataPath, inputs);
  const feedsOf = (row: number) =>
    Object.fromEntries(
      Object.entries(data.feeds(row)).map(([name, { type, data: values, dims }]) => [
        name,
        new ort.Tensor(type as 'float32', values as Float32Array, dims),
      ])
    );
  const feeds = Array.from({ length: data.rows }, (_, row) => feedsOf(row));
  for (let i = 0; i < 200; i++) await session.run(feeds[i % feeds.length]!);
  const latenciesMs: number[] = [];
  for (const row of rows) {
    const startedAt = process.hrtime.bigint();
    await session.run(feeds[row % feeds.length]!);
    latenciesMs.push(Number(process.hrtime.bigint() - startedAt) / 1e6);
  }
  await session.release();
  return latenciesMs;
}

const at = (values: number[], p: number) => orderStatistic(Float64Array.from(values).sort(), p);
