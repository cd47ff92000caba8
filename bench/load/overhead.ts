import { runLoad } from '../../src/inference/load/run.ts';
import type { Figure } from '../figure.ts';
import { bareLoop, hodgesLehmann, inTurns, type ModelTarget, median, quantile } from './bare.ts';

const ROWS = 6;
const WARMUP = 50;

const rowsOf = (queries: number) => Int32Array.from({ length: queries }, (_, i) => i % ROWS);

/** A stream through the harness against `session.run` in a bare loop, block by block, on the same rows. */
export async function overheadFigures({ quick, target }: { quick: boolean; target: ModelTarget }): Promise<Figure[]> {
  const queries = 500;
  const said = await inTurns(quick ? 24 : 80, {
    bare: () => bareLoop(target, { queries, rows: ROWS }),
    harness: async () => {
      const { log } = await runLoad({ target, scenario: 'single-stream', rows: rowsOf(queries), warmup: WARMUP });
      return Array.from(log.completedMs, (done, i) => done - log.scheduledMs[i]!);
    },
  });
  const over = (p: number) =>
    1_000 * hodgesLehmann(said.map(({ harness, bare }) => quantile(harness, p) - quantile(bare, p)));
  return [
    { name: 'overhead of a query over session.run: p50', value: over(0.5), unit: 'us', goal: 30, peer: null },
    { name: 'overhead of a query over session.run: p99', value: over(0.99), unit: 'us', goal: 150, peer: null },
  ];
}

/** Queries a second, all at once through the harness against the bare loop, block by block; a model of real weight. */
export async function throughputFigures({ quick, target }: { quick: boolean; target: ModelTarget }): Promise<Figure[]> {
  const queries = 100; // short turns, as beside LoadGen
  const said = await inTurns(quick ? 24 : 80, {
    bare: async () => (await bareLoop(target, { queries, rows: ROWS })).reduce((total, ms) => total + ms, 0),
    harness: async () => {
      const { log } = await runLoad({ target, scenario: 'offline', rows: rowsOf(queries), warmup: WARMUP });
      return Math.max(...log.completedMs);
    },
  });
  const value = 100 * (hodgesLehmann(said.map(({ harness, bare }) => harness / bare)) - 1);
  const perQuery = (median(said.map(({ bare }) => bare)) / queries).toFixed(1);
  return [
    { name: `throughput lost to the harness, offline, ${perQuery} ms a query`, value, unit: '%', goal: 2, peer: null },
  ];
}
