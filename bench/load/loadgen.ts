import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { latenciesOf } from '../../src/domain/load/verdict.ts';
import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import { type LoadTarget, runLoad } from '../../src/inference/load/run.ts';
import type { Figure } from './figure.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REQUIREMENTS = join(ROOT, 'bench/load/loadgen.txt');
const SCRIPT = join(ROOT, 'bench/load/loadgen.py');
const ROWS = 40;
const WARMUP = 50;

type Target = Extract<LoadTarget, { kind: 'model' }>;
type Summary = Record<'p50Ms' | 'p99Ms' | 'samplesPerSecond', number>;

/** LoadGen and this harness on the same model, block by block in turns, every block a process of its own. */
export async function loadgenFigures({ quick, target }: { quick: boolean; target: Target }): Promise<Figure[]> {
  const python = await environment();
  const blocks = quick ? 10 : 24;
  const queries = quick ? 400 : 600;
  const theirs = (scenario: 'SingleStream' | 'Offline') => peer(python, target, scenario, queries);
  const stream = await inTurns(
    blocks,
    () => ourStream(target, queries),
    async () => {
      const { p50Ms, p99Ms } = await theirs('SingleStream');
      return [p50Ms, p99Ms];
    }
  );
  const offline = await inTurns(
    blocks,
    () => ourOffline(target, queries),
    async () => [(await theirs('Offline')).samplesPerSecond]
  );
  const figure = (name: string, { ours, peer }: Sides, unit: string, goal: number): Figure => ({
    name: `beside LoadGen, ${name} (${round(ours)} ${unit}): off by`,
    value: 100 * Math.abs(ours / peer - 1),
    unit: '%',
    goal,
    peer: null,
  });
  return [
    figure('single stream p50', stream[0]!, 'ms', 3),
    figure('single stream p99', stream[1]!, 'ms', 5),
    figure('offline throughput', offline[0]!, '/s', 2),
  ];
}

interface Sides {
  ours: number;
  peer: number;
}

/** Medians over the blocks of each figure, ours and the peer's; who begins alternates. */
async function inTurns(
  blocks: number,
  ours: () => Promise<number[]>,
  theirs: () => Promise<number[]>
): Promise<Sides[]> {
  const said: { ours: number[]; peer: number[] }[] = [];
  for (let block = 0; block < blocks; block++) {
    const made: Partial<{ ours: number[]; peer: number[] }> = {};
    const turns = [
      async () => {
        made.ours = await ours();
      },
      async () => {
        made.peer = await theirs();
      },
    ];
    for (const turn of block % 2 ? turns.reverse() : turns) await turn();
    said.push(made as Required<typeof made>);
  }
  return said[0]!.ours.map((_, i) => ({
    ours: median(said.map(({ ours }) => ours[i]!)),
    peer: median(said.map(({ peer }) => peer[i]!)),
  }));
}

async function ourStream(target: Target, queries: number): Promise<number[]> {
  const { log } = await runLoad({ target, scenario: 'single-stream', rows: rowsOf(queries), warmup: WARMUP });
  const sorted = latenciesOf(log).sort();
  return [orderStatistic(sorted, 0.5), orderStatistic(sorted, 0.99)];
}

async function ourOffline(target: Target, queries: number): Promise<number[]> {
  const { log } = await runLoad({ target, scenario: 'offline', rows: rowsOf(queries), warmup: WARMUP });
  return [(1_000 * queries) / Math.max(...log.completedMs)];
}

const rowsOf = (queries: number) => Int32Array.from({ length: queries }, (_, i) => i % ROWS);

async function peer(
  python: string,
  { modelPath, dataPath }: Target,
  scenario: string,
  queries: number
): Promise<Summary> {
  const { stdout } = await promisify(execFile)(python, [SCRIPT, modelPath, dataPath, scenario, String(queries)]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Summary;
}

/** The peer's environment, made when first needed; its stamp is written last, and what has none is made anew. */
async function environment(): Promise<string> {
  const folder = join(ROOT, '.tools/loadgen');
  const python = join(folder, 'bin/python');
  const stamp = join(folder, '.stepdown-setup');
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(folder).digest('hex');
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.error('installing LoadGen for the comparison');
  rmSync(stamp, { force: true });
  rmSync(folder, { recursive: true, force: true });
  const run = promisify(execFile);
  await run(join(ROOT, '.tools/core/bin/python'), ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '-r', REQUIREMENTS]);
  writeFileSync(stamp, wanted);
  return python;
}

const median = (values: number[]) => orderStatistic(Float64Array.from(values).sort(), 0.5);
const round = (value: number) => Number(value.toPrecision(3));
