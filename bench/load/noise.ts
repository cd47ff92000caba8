import { summarizeLatency } from '../../src/domain/latency.ts';
import { compareLatency } from '../../src/inference/latency.ts';
import type { Figure } from '../figure.ts';
import type { ModelTarget } from './bare.ts';

const LATENCY = { rounds: 480, blocks: 12, warmup: 3 };

/** One model against itself: how often the interval covers 1, and how wide it is. */
export async function noiseFigures({ quick, target }: { quick: boolean; target: ModelTarget }): Promise<Figure[]> {
  const runs = quick ? 8 : 50;
  const widths: number[] = [];
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const { modelPath: path, dataPath, options } = target;
    const rounds = { baselinePath: path, candidatePath: path, dataPath, options, ...LATENCY, seed: run };
    const { noiseInterval, speedupInterval } = summarizeLatency(await compareLatency(rounds));
    for (const interval of [noiseInterval, speedupInterval]) {
      covered += interval[0] <= 1 && interval[1] >= 1 ? 1 : 0;
      widths.push((100 * (interval[1] - interval[0])) / 2);
    }
  }
  widths.sort((a, b) => a - b);
  const where = `A/A, ${widths.length} comparisons`;
  const cover = { name: `${where}: intervals that cover 1`, value: (100 * covered) / widths.length, unit: '%' };
  const width = { name: `${where}: half-width`, value: widths[Math.floor(widths.length / 2)]!, unit: '%' };
  return [
    { ...cover, goal: 93, atLeast: true, peer: null },
    { ...width, goal: 3, peer: null },
  ];
}
