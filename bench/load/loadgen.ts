import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { latenciesOf } from '../../src/domain/load/verdict.ts';
import { orderStatistic } from '../../src/domain/statistics/order-statistic.ts';
import { runLoad } from '../../src/inference/load/run.ts';
import { environment } from '../environment.ts';
import type { Figure } from '../figure.ts';
import { bareLoop, hodgesLehmann, inTurns, type ModelTarget, median } from './bare.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REQUIREMENTS = join(ROOT, 'bench/load/loadgen.txt');
const SCRIPT = join(ROOT, 'bench/load/loadgen.py');
const ROWS = 40;
const WARMUP = 30;
const QUERIES = 100; // short turns, because what a neighbour does to one must also happen to the other
const asked = Int32Array.from({ length: QUERIES }, (_, i) => i % ROWS);
const SCENARIOS = { stream: 'SingleStream', offline: 'Offline', bare: 'Bare' } as const;

type Play = keyof typeof SCENARIOS;
type Summary = Record<'p50Ms' | 'p99Ms' | 'perSecond', number>;

/**
 * LoadGen and this harness on the same model, block by block in turns, every turn a session of its own. Python's
 * ONNX Runtime and Node's are different builds; a bare loop of each, in every block, tells what that makes of a query in
 * the middle, and is divided out.
 */
export async function loadgenFigures({ quick, target }: { quick: boolean; target: ModelTarget }): Promise<Figure[]> {
  const python = await environment(REQUIREMENTS);
  const peer = openPeer(python, target);
  const theirs = (play: Play) => () => peer.play(SCENARIOS[play]);
  const said = await inTurns(quick ? 16 : 100, {
    stream: () => ourStream(target),
    theirStream: theirs('stream'),
    offline: () => ourOffline(target),
    theirOffline: theirs('offline'),
    bare: () => ourBareLoop(target),
    theirBare: theirs('bare'),
  }).finally(peer.close);
  const ratio = (arm: Play, key: keyof Summary) => {
    const their = `their${arm[0]!.toUpperCase()}${arm.slice(1)}` as 'theirStream' | 'theirOffline' | 'theirBare';
    return hodgesLehmann(said.map((block) => block[arm][key] / block[their][key]));
  };
  const figure = (name: string, play: 'stream' | 'offline', key: keyof Summary, goal: number): Figure => {
    const ours = median(said.map((block) => block[play][key])).toPrecision(3);
    const bare = ratio('bare', key === 'p99Ms' ? 'p50Ms' : key); // the tails of short loops say little
    const builds = (100 * (bare - 1)).toFixed(1);
    return {
      name: `beside LoadGen, ${name} (${ours}; the builds differ by ${builds} %): off by`,
      value: 100 * Math.abs(ratio(play, key) / bare - 1),
      unit: '%',
      goal,
      peer: null,
    };
  };
  return [
    figure('single stream p50, ms', 'stream', 'p50Ms', 3),
    figure('single stream p99, ms', 'stream', 'p99Ms', 5),
    figure('offline throughput a second', 'offline', 'perSecond', 2),
  ];
}

async function ourStream(target: ModelTarget): Promise<Summary> {
  const { log } = await runLoad({ target, scenario: 'single-stream', rows: asked, warmup: WARMUP });
  return summaryOf(latenciesOf(log), Math.max(...log.completedMs) - log.scheduledMs[0]!);
}

async function ourOffline(target: ModelTarget): Promise<Summary> {
  const { log } = await runLoad({ target, scenario: 'offline', rows: asked, warmup: WARMUP });
  return summaryOf(latenciesOf(log), Math.max(...log.completedMs));
}

async function ourBareLoop(target: ModelTarget): Promise<Summary> {
  const latenciesMs = await bareLoop(target, { queries: QUERIES, rows: ROWS });
  const totalMs = latenciesMs.reduce((total, ms) => total + ms, 0);
  return summaryOf(Float64Array.from(latenciesMs), totalMs);
}

function summaryOf(latenciesMs: Float64Array, totalMs: number): Summary {
  const sorted = latenciesMs.sort();
  return {
    p50Ms: orderStatistic(sorted, 0.5),
    p99Ms: orderStatistic(sorted, 0.99),
    perSecond: (1_000 * QUERIES) / totalMs,
  };
}

function openPeer(python: string, { modelPath, dataPath }: ModelTarget) {
  const child = spawn(python, [SCRIPT, modelPath, dataPath, String(QUERIES)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async play(scenario: string): Promise<Summary> {
      child.stdin.write(`${scenario}\n`);
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`loadgen.py ended in scenario ${scenario}; its words are above`);
        if (value.startsWith('{')) return JSON.parse(value) as Summary;
      }
    },
    close: () => void child.stdin.end(),
  };
}
