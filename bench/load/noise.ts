import { ratioOf } from '../../src/domain/load/comparison.ts';
import { compareUnderLoad } from '../../src/inference/load/compare.ts';
import type { LoadTarget } from '../../src/inference/load/run.ts';
import type { Figure } from '../figure.ts';

/** One model against itself: how often the interval covers 1, and how wide it is. */
export async function noiseFigures({ quick, target }: { quick: boolean; target: LoadTarget }): Promise<Figure[]> {
  const runs = quick ? 10 : 67;
  const widths: number[] = [];
  let [covered, compared] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const { baseline, twin, candidate } = await compareUnderLoad({
      targets: { baseline: target, twin: target, candidate: target },
      rows: 40,
      blocks: 16,
      queriesPerBlock: 100,
      percentile: 0.5,
      seed: run,
    });
    for (const other of [twin, candidate]) {
      const { interval } = ratioOf({ baseline, candidate: other });
      compared += 1;
      covered += interval[0] <= 1 && interval[1] >= 1 ? 1 : 0;
      widths.push((100 * (interval[1] - interval[0])) / 2);
    }
  }
  widths.sort((a, b) => a - b);
  const where = `A/A, ${compared} comparisons`;
  const cover = { name: `${where}: intervals that cover 1`, value: (100 * covered) / compared, unit: '%' };
  const width = { name: `${where}: half-width`, value: widths[Math.floor(widths.length / 2)]!, unit: '%' };
  return [
    { ...cover, goal: 93, atLeast: true, peer: null },
    { ...width, goal: 3, peer: null },
  ];
}
