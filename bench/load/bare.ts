import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import type { LoadTarget } from '../../src/inference/load/run.ts';

export type ModelTarget = Extract<LoadTarget, { kind: 'model' }>;

const CHILD = fileURLToPath(new URL('./bare-child.ts', import.meta.url));
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** `session.run` in a bare loop over the first rows in turn, in a process of its own; milliseconds of each. */
export async function bareLoop(target: ModelTarget, run: { queries: number; rows: number }): Promise<number[]> {
  const { modelPath, dataPath, options } = target;
  const numbers = [options.threads, run.queries, run.rows].map(String);
  const flags = ['--disable-warning=ExperimentalWarning'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, CHILD, modelPath, dataPath, ...numbers], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return JSON.parse(stdout) as number[];
}

/** Plays every arm in every block, each block in another order; what each arm said, block by block. */
export async function inTurns<Arm extends string, Said>(
  blocks: number,
  arms: Record<Arm, () => Promise<Said>>
): Promise<Record<Arm, Said>[]> {
  const names = Object.keys(arms) as Arm[];
  const said: Record<Arm, Said>[] = [];
  for (let block = 0; block < blocks; block++) {
    const first = block % names.length;
    const turn = [...names.slice(first), ...names.slice(0, first)];
    const made = {} as Record<Arm, Said>;
    for (const name of block % 2 ? turn.reverse() : turn) made[name] = await arms[name]();
    said.push(made);
  }
  return said;
}

export const quantile = (values: number[], p: number) => orderStatistic(Float64Array.from(values).sort(), p);
export const median = (values: number[]) => quantile(values, 0.5);

/** The middle of a sample, as the median of the means of all pairs: as robust as is needed here, and steadier. */
export function hodgesLehmann(values: number[]): number {
  return median(values.flatMap((a, i) => values.slice(i).map((b) => (a + b) / 2)));
}
