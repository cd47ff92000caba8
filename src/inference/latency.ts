import type { BaselineRounds, LatencyRounds } from '../domain/latency.ts';
import type { SessionOptions } from '../domain/measurement.ts';
import { seededRandom, shuffle } from '../domain/statistics/random.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { startHost } from './host.ts';
import type { OnProgress } from './predict.ts';

export interface MeasureLatencyInput {
  baselinePath: string;
  dataPath: string;
  options: SessionOptions;
  rounds: number;
  /** Every model is in a new process for each block of rounds, so that where the host places one is noise like any other. */
  blocks: number;
  /** Rounds of each block before the first that counts. */
  warmup: number;
  /** Fixes which rows are run and in which order the models take their turns. */
  seed: number;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

export interface CompareLatencyInput extends MeasureLatencyInput {
  candidatePath: string;
}

/**
 * In every round the same row runs on the baseline, on its twin in another process (A/A) and on the candidate, in
 * random order, so that what happens to the host happens to all. Latencies are those of the session itself.
 */
export async function compareLatency({ candidatePath, ...input }: CompareLatencyInput): Promise<LatencyRounds> {
  const { baselinePath, blocks } = input;
  const arms = { baseline: baselinePath, twin: baselinePath, candidate: candidatePath };
  return { ...(await interleave(input, arms)), blocks };
}

/** The baseline beside its twin, without a candidate. */
export async function measureLatency(input: MeasureLatencyInput): Promise<BaselineRounds> {
  const { baselinePath, blocks } = input;
  return { ...(await interleave(input, { baseline: baselinePath, twin: baselinePath })), blocks };
}

async function interleave<Arm extends string>(
  input: MeasureLatencyInput,
  models: Record<Arm, string>
): Promise<Record<Arm, number[]>> {
  const { options, rounds, blocks, warmup, seed, signal, onProgress } = input;
  if (!(blocks >= 1 && rounds >= blocks))
    throw new RangeError(`rounds must be at least 1 for each of ${blocks} blocks, not ${rounds}`);
  if (rounds % blocks !== 0) throw new RangeError(`rounds must fill ${blocks} blocks, not ${rounds}`);
  const arms = Object.keys(models) as Arm[];
  const latencies = Object.fromEntries(arms.map((arm) => [arm, [] as number[]])) as Record<Arm, number[]>;
  const random = seededRandom(seed);
  let data: Dataset | undefined;
  let done = 0;
  for (let block = 0; block < blocks; block++) {
    const started = await Promise.allSettled(arms.map((arm) => startHost({ modelPath: models[arm], options, signal })));
    const hosts = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      for (const one of started) if (one.status === 'rejected') throw one.reason;
      data ??= readDataset(input.dataPath, hosts[0]!.inputs);
      const rows = shuffledRows(data, seed);
      for (let round = -warmup; round < rounds / blocks; round++) {
        const feeds = data.feeds(rows[done++ % rows.length]!);
        for (const index of shuffle([...arms.keys()], random)) {
          const { elapsedMs } = await hosts[index]!.run(feeds);
          if (round >= 0) latencies[arms[index]!].push(elapsedMs);
        }
        onProgress?.({ done, total: rounds + blocks * warmup });
      }
    } finally {
      await Promise.all(hosts.map((host) => host.close()));
    }
  }
  signal?.throwIfAborted();
  return latencies;
}

/** Every row once in an order fixed by the seed; longer measurements go round again. */
export function shuffledRows(data: Dataset, seed: number): number[] {
  return shuffle(
    Array.from({ length: data.rows }, (_, row) => row),
    seededRandom(seed)
  );
}
