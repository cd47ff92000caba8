import type { BaselineRounds, LatencyRounds } from '../domain/latency.ts';
import type { SessionOptions } from '../domain/measurement.ts';
import { seededRandom, shuffle } from '../domain/statistics/random.ts';
import { type Dataset, readDataset } from './dataset.ts';
import { type Host, startHost } from './host.ts';
import type { OnProgress } from './predict.ts';

export interface MeasureLatencyInput {
  baselinePath: string;
  dataPath: string;
  options: SessionOptions;
  rounds: number;
  /** Rounds before the first that counts. */
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
  const { baselinePath } = input;
  return interleave(input, { baseline: baselinePath, twin: baselinePath, candidate: candidatePath });
}

/** The baseline beside its twin, without a candidate. */
export async function measureLatency(input: MeasureLatencyInput): Promise<BaselineRounds> {
  return interleave(input, { baseline: input.baselinePath, twin: input.baselinePath });
}

async function interleave<Arm extends string>(
  input: MeasureLatencyInput,
  models: Record<Arm, string>
): Promise<Record<Arm, number[]>> {
  const { options, rounds, warmup, seed, signal, onProgress } = input;
  if (rounds < 1) throw new RangeError(`rounds must be at least 1, not ${rounds}`);
  const arms = Object.keys(models) as Arm[];
  const hosts = {} as Record<Arm, Host>;
  const latencies = Object.fromEntries(arms.map((arm) => [arm, [] as number[]])) as Record<Arm, number[]>;
  try {
    for (const arm of arms) hosts[arm] = await startHost({ modelPath: models[arm], options, signal });
    const data = readDataset(input.dataPath, hosts[arms[0]!].inputs);
    const random = seededRandom(seed);
    const rows = shuffledRows(data, seed);
    for (let round = -warmup; round < rounds; round++) {
      const feeds = data.feeds(rows[(round + warmup) % rows.length]!);
      for (const arm of shuffle([...arms], random)) {
        const { elapsedMs } = await hosts[arm].run(feeds);
        if (round >= 0) latencies[arm].push(elapsedMs);
      }
      onProgress?.({ done: round + warmup + 1, total: rounds + warmup });
    }
    signal?.throwIfAborted();
    return latencies;
  } finally {
    await Promise.all(Object.values<Host>(hosts).map((host) => host.close()));
  }
}

/** Every row once in an order fixed by the seed; longer measurements go round again. */
export function shuffledRows(data: Dataset, seed: number): number[] {
  return shuffle(
    Array.from({ length: data.rows }, (_, row) => row),
    seededRandom(seed)
  );
}
