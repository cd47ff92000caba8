import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { binomialCdf } from '../../src/domain/statistics/binomial.ts';
import type { Figure } from '../figure.ts';
import { median, quantile } from '../load/bare.ts';
import { ALPHA, DETECTOR_ALPHA, GOOD_PAIRS, type JOBS, REQUESTS, type Seeds } from './simulated-jobs.ts';
import { RULES } from './simulated-rules.ts';

/** A/A rollouts with drift, late labels, sticky users and faults: how often the judge, and other rules, take them back. */
export async function falseRollbackFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const rollouts = quick ? 100 : 1_000;
  const parts = await inThreads('rollouts', rollouts);
  const fired = (name: string) => parts.reduce((sum, part) => sum + (part[name] ?? 0), 0);
  const percent = (name: string) => (100 * fired(name)) / rollouts;
  const of = `${rollouts} A/A rollouts of ${REQUESTS} requests`;
  return [
    ...RULES.map((name) => ({
      name: `${of}, every observation judged: taken back`,
      value: percent('judge'),
      unit: '%',
      goal: 5,
      peer: { name, value: percent(name) },
    })),
    {
      name: `${of}: upper 95 % bound of that`,
      value: 100 * upperBound(fired('judge'), rollouts),
      unit: '%',
      goal: 6.5,
      peer: null,
    },
    {
      name: `${of}: sample-ratio alarms`,
      value: percent('sample ratio'),
      unit: '%',
      goal: 0.5,
      peer: { name: 'chi-square, p < .001', value: percent('chi-square') },
    },
  ];
}

/** How many pairs the judge needs to find harm, or to prove that there is none. */
export async function detectionFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const runs = quick ? 200 : 1_000;
  const parts = await inThreads('detection', runs);
  const figure = (name: string, of: keyof (typeof parts)[number], p: number, goal: number): Figure => {
    const pairs = parts.flatMap((part) => part[of]);
    const which = p === 0.5 ? 'median' : `p${100 * p}`;
    return { name: `${name}, ${which} of ${runs}`, value: quantile(pairs, p), unit: 'pairs', goal, peer: null };
  };
  return [
    figure('2-point drop at 4 % discordance: found', 'drop', 0.5, 800),
    figure('2-point drop at 4 % discordance: found', 'drop', 0.9, 1_600),
    figure('20-point break: found', 'broken', 0.5, 60),
    figure('20-point break: found', 'broken', 0.9, 100),
    figure('non-inferior within 1 point, labels, 1 % disagree: proven', 'equal', 0.5, 1_200),
    figure('non-inferior within 1 point, no labels, 0.2 % disagree: proven', 'agreeing', 0.5, 800),
  ];
}

/** The detector of the support window: a break after weeks without one, and no break at all. */
export async function lateBreakFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const runs = quick ? 100 : 1_000;
  const windows = (await inThreads('lateBreaks', runs)).flat();
  return [
    {
      name: `2-point drop after ${GOOD_PAIRS} good pairs: found by the support detector, median of ${runs}`,
      value: median(windows.map(({ byDetector }) => byDetector)),
      unit: 'pairs',
      goal: 1_500,
      peer: { name: "the ramp's e-process", value: median(windows.map(({ byTest }) => byTest)) },
    },
    {
      name: `${runs} support windows of ${GOOD_PAIRS} good pairs: false alarms of one detector`,
      value: (100 * windows.filter(({ falseAlarm }) => falseAlarm).length) / runs,
      unit: '%',
      goal: Number((100 * DETECTOR_ALPHA).toPrecision(4)),
      peer: null,
    },
  ];
}

/** Seeds 1 to `runs`, split over as many threads as the host runs side by side. */
function inThreads<J extends keyof typeof JOBS>(job: J, runs: number): Promise<ReturnType<(typeof JOBS)[J]>[]> {
  const threads = availableParallelism();
  const last = (thread: number) => Math.round((runs * thread) / threads);
  return Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const seeds: Seeds = [last(thread) + 1, last(thread + 1)];
      const worker = new Worker(new URL('./simulated-thread.ts', import.meta.url), { workerData: { job, seeds } });
      const [result] = await once(worker, 'message');
      return result as ReturnType<(typeof JOBS)[J]>;
    })
  );
}

/** Clopper and Pearson, one-sided. */
function upperBound(events: number, trials: number): number {
  let [low, high] = [events / trials, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (binomialCdf({ trials, share: middle, successes: events }) > ALPHA) low = middle;
    else high = middle;
  }
  return high;
}
