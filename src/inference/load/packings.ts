import { freemem } from 'node:os';
import { bestPacking, type Packing, refusePacking } from '../../domain/load/load-test.ts';
import { counted } from '../../domain/units.ts';
import type { LargestRate, LargestRateInput, RateCheckpoint } from './largest-rate.ts';

const MEMORY_SHARE = 0.9; // of what is free; the rest is the page cache's and the harness's

export interface Packed extends LargestRate {
  replicas: number;
}

export interface PackingCheckpoint {
  /** Numbers of replicas that are done with. */
  packed: Packed[];
  /** Of the one under way. */
  checkpoint: RateCheckpoint | null;
}

interface PackingInput {
  /** Numbers of replicas. */
  asked: number[];
  maximumProbes: number;
  resume: PackingCheckpoint | null;
  onProgress: (progress: PackingCheckpoint & { stage: string; done: number; total: number }) => void;
  search: (
    replicas: number,
    resume: RateCheckpoint | undefined,
    told: Required<Pick<LargestRateInput, 'onProbe' | 'onRun'>>
  ) => Promise<LargestRate>;
}

/** Fewest replicas first, so that what they take foretells whether more fit. */
export async function packEach(input: PackingInput): Promise<{ best: Packed; packings: Packing[]; all: Packed[] }> {
  const { asked, maximumProbes, resume, onProgress, search } = input;
  const counts = [...new Set(asked)].sort((a, b) => a - b);
  const packed = [...(resume?.packed ?? [])];
  const refused: Packing[] = [];
  let from = resume?.checkpoint ?? undefined;
  for (const replicas of counts) {
    if (packed.some((one) => one.replicas === replicas)) continue;
    const refusal = refusePacking({ replicas, measured: packed.at(-1), availableBytes: MEMORY_SHARE * freemem() });
    const probes = counts.length > 1 ? `probes done with ${counted(replicas, 'replica')}` : 'probes done';
    let last = from ?? null;
    const tell = (done: number, checkpoint: RateCheckpoint | null, now?: string) => {
      last = checkpoint;
      const stage = now === undefined ? probes : `${now}, ${probes}`;
      onProgress({ stage, done, total: maximumProbes, packed: [...packed], checkpoint });
    };
    if (refusal) refused.push(refusal);
    else {
      const found = await search(replicas, from, {
        onProbe: (checkpoint) => tell(checkpoint.probes.length, checkpoint),
        onRun: ({ queries, ratePerSecond }) =>
          tell(last?.probes.length ?? 0, last, `${queries} queries at ${ratePerSecond.toFixed(1)} a second`),
      });
      packed.push({ replicas, ...found });
      tell(found.probes.length, null);
    }
    from = undefined;
  }
  const measured = packed.map(({ replicas, ratePerSecond, peakBytes }) => ({
    replicas,
    ratePerSecond,
    peakBytes,
    reason: null,
  }));
  return { best: bestPacking(packed), packings: [...measured, ...refused], all: packed };
}
