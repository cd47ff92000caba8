import type { SessionOptions, Throughput } from '../domain/measurement.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { type Host, startHost } from './host.ts';
import { shuffledRows } from './latency.ts';
import type { OnProgress } from './predict.ts';

/** Requests under way at once: while one is answered the next waits in the child, so the session never idles. */
const IN_FLIGHT = 2;

export interface ThroughputInput {
  modelPath: string;
  dataPath: string;
  options: SessionOptions;
  /** It ends at whichever comes first; requests of the warm-up do not count. */
  maxRequests: number;
  maxMs: number;
  warmup: number;
  /** Fixes which rows are run. */
  seed: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export interface CompareThroughputInput extends Omit<ThroughputInput, 'modelPath'> {
  baselinePath: string;
  candidatePath: string;
  /** Blocks of each model, in the order A-B-B-A-A-B...; requests and time are divided evenly among them. */
  blocks: number;
}

/** Inferences per second of a fresh host in a closed loop, one row a request. */
export async function measureThroughput({ modelPath, ...input }: ThroughputInput): Promise<Throughput> {
  const [throughput] = await alternate({ ...input, blocks: 1 }, [modelPath]);
  return throughput!;
}

/** Two models in alternating blocks, each measured for `maxRequests` or `maxMs` in all. */
export async function compareThroughput(
  input: CompareThroughputInput
): Promise<{ baseline: Throughput; candidate: Throughput }> {
  const [baseline, candidate] = await alternate(input, [input.baselinePath, input.candidatePath]);
  return { baseline: baseline!, candidate: candidate! };
}

type Loop = Omit<ThroughputInput, 'modelPath'> & { blocks: number };

async function alternate(input: Loop, modelPaths: string[]): Promise<Throughput[]> {
  const { options, signal, warmup, blocks, onProgress } = input;
  for (const field of ['maxRequests', 'maxMs', 'blocks'] as const)
    if (!(input[field] >= 1)) throw new RangeError(`${field} must be at least 1, not ${input[field]}`);
  const hosts: Host[] = [];
  const total = input.maxRequests * modelPaths.length;
  let done = 0;
  const onDone = () => onProgress?.({ done: ++done, total });
  try {
    for (const modelPath of modelPaths) hosts.push(await startHost({ modelPath, options, signal }));
    const data = readDataset(input.dataPath, hosts[0]!.inputs);
    const rows = shuffledRows(data, input.seed);
    for (const host of hosts) await closedLoop(host, data, rows, { requests: warmup, ms: input.maxMs });
    const sums = hosts.map(() => ({ requests: 0, seconds: 0 }));
    for (let block = 0; block < blocks; block++) {
      const turn = hosts.map((_, index) => (block % 2 === 0 ? index : hosts.length - 1 - index));
      const requests =
        Math.ceil((input.maxRequests * (block + 1)) / blocks) - Math.ceil((input.maxRequests * block) / blocks);
      for (const index of turn) {
        const part = await closedLoop(hosts[index]!, data, rows, { requests, ms: input.maxMs / blocks, onDone });
        sums[index]!.requests += part.requests;
        sums[index]!.seconds += part.seconds;
      }
    }
    signal?.throwIfAborted();
    return sums.map(({ requests, seconds }) => ({ perSecond: requests / seconds, requests }));
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
  }
}

async function closedLoop(
  host: Host,
  data: Dataset,
  rows: number[],
  { requests, ms, onDone }: { requests: number; ms: number; onDone?: () => void }
): Promise<{ requests: number; seconds: number }> {
  const startedAt = performance.now();
  let [sent, answered] = [0, 0];
  const client = async () => {
    while (sent < requests && performance.now() - startedAt < ms) {
      await host.run(data.feeds(rows[sent++ % rows.length]!));
      answered += 1;
      onDone?.();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  return { requests: answered, seconds: (performance.now() - startedAt) / 1_000 };
}
