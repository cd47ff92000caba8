import { harmProven, judge, noEvidence } from '../../src/domain/judge.ts';
import { HARM_BETS } from '../../src/domain/rollout-policy.ts';
import { binomialCdf } from '../../src/domain/statistics/binomial.ts';
import { pairedWorse } from '../../src/domain/statistics/eprocess.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import {
  detectorBound,
  detectorStatistic,
  newDetector,
  observeLoss,
} from '../../src/domain/statistics/shiryaev-roberts.ts';
import { GUARD_SHARES } from '../../src/domain/support.ts';
import type { EvidenceCounts, JudgeConfig } from '../../src/domain/traffic.ts';
import type { Figure } from '../figure.ts';
import { RULES, Rules } from './simulated-rules.ts';
import { playRollout, type Truth } from './simulated-traffic.ts';

const ALPHA = 0.05;
const JUDGE: JudgeConfig = {
  margin: 0.01,
  harmMargin: 0,
  disagreementBudget: 0.05,
  errorBudget: 0.01,
  alphaRollback: ALPHA,
  alphaPromote: ALPHA,
  harmBets: HARM_BETS,
  guardrails: { slowMargin: 0.02, wrongRate: 0.1, twinDropMargin: 0.01 },
};
/** No better and no worse; what is not alike is as often in favour of either arm. */
const HARMLESS: Truth = {
  plus: 0.01,
  minus: 0.01,
  both: 0.002,
  wrong: [0.09, 0.1],
  candidateFails: 0.005,
  slowdown: 1,
};
const REQUESTS = 20_000;
const GOOD_PAIRS = 20_000;
const LONGEST = 20_000;
const DETECTOR_ALPHA = ALPHA * GUARD_SHARES['labelled-worse'];

/** A/A rollouts with drift, late labels, sticky users and faults: how often the judge, and other rules, take them back. */
export function falseRollbackFigures({ quick }: { quick: boolean }): Figure[] {
  const rollouts = quick ? 100 : 1_000;
  const fired = new Map<string, number>();
  const tick = (name: string) => fired.set(name, (fired.get(name) ?? 0) + 1);
  for (let seed = 1; seed <= rollouts; seed++) {
    const rules = new Rules();
    const reason = playRollout({
      requests: REQUESTS,
      judge: JUDGE,
      truth: HARMLESS,
      seed,
      see: (...seen) => rules.see(...seen),
    });
    if (reason) tick('judge');
    if (reason?.includes('the assignment is broken')) tick('sample ratio');
    for (const rule of rules.fired) tick(rule);
  }
  const percent = (name: string) => (100 * (fired.get(name) ?? 0)) / rollouts;
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
      value: 100 * upperBound(fired.get('judge') ?? 0, rollouts),
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
export function detectionFigures({ quick }: { quick: boolean }): Figure[] {
  const runs = quick ? 200 : 1_000;
  const isHarm = (counts: EvidenceCounts) => harmProven(counts, JUDGE) !== undefined;
  const isProven = (counts: EvidenceCounts) => judge(counts, JUDGE).action === 'promote';
  const drop = sorted(runs, (random) => pairsUntil(random, { plus: 0.03, minus: 0.01 }, isHarm));
  const broken = sorted(runs, (random) => pairsUntil(random, { plus: 0.22, minus: 0.02 }, isHarm));
  const equal = sorted(runs, (random) => pairsUntil(random, { plus: 0.005, minus: 0.005 }, isProven));
  const agreeing = sorted(runs, (random) => pairsUntil(random, { unlabelled: 0.002 }, isProven));
  const figure = (name: string, value: number, goal: number) => ({ name, value, unit: 'pairs', goal, peer: null });
  return [
    figure('2-point drop at 4 % discordance: found, median', at(drop, 0.5), 800),
    figure('2-point drop at 4 % discordance: found, p90', at(drop, 0.9), 1_600),
    figure('20-point break: found, median', at(broken, 0.5), 60),
    figure('20-point break: found, p90', at(broken, 0.9), 100),
    figure('non-inferior within 1 point, labels, 1 % disagree: proven, median', at(equal, 0.5), 1_200),
    figure('non-inferior within 1 point, no labels, 0.2 % disagree: proven, median', at(agreeing, 0.5), 800),
  ];
}

/** The detector of the support window: a break after weeks without one, and no break at all. */
export function lateBreakFigures({ quick }: { quick: boolean }): Figure[] {
  const runs = quick ? 100 : 1_000;
  const bound = detectorBound(GOOD_PAIRS, DETECTOR_ALPHA);
  const found: number[] = [];
  const late: number[] = [];
  let falseAlarms = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const random = seededRandom(seed);
    let detector = newDetector();
    const counts = { plus: 0, minus: 0, zero: 0 };
    let alarmed = false;
    for (let pair = 0; pair < GOOD_PAIRS; pair++) {
      const loss = lossOf(random, 0.02, 0.02);
      counts[outcome(loss)]++;
      detector = observeLoss(detector, loss);
      if (detectorStatistic(detector) < bound) continue;
      alarmed = true;
      detector = newDetector();
    }
    if (alarmed) falseAlarms++;
    let [byDetector, byTest] = [0, 0];
    for (let pair = 1; pair <= LONGEST && (byDetector === 0 || byTest === 0); pair++) {
      const loss = lossOf(random, 0.03, 0.01);
      counts[outcome(loss)]++;
      detector = observeLoss(detector, loss);
      if (byDetector === 0 && detectorStatistic(detector) >= bound) byDetector = pair;
      if (byTest === 0 && pairedWorse(counts, 0) >= Math.log(1 / ALPHA)) byTest = pair;
    }
    found.push(byDetector || LONGEST);
    late.push(byTest || LONGEST);
  }
  const ascending = (values: number[]) => values.sort((a, b) => a - b);
  return [
    {
      name: `2-point drop after ${GOOD_PAIRS} good pairs: found by the support detector, median`,
      value: at(ascending(found), 0.5),
      unit: 'pairs',
      goal: 1_500,
      peer: { name: "the ramp's e-process", value: at(ascending(late), 0.5) },
    },
    {
      name: `${runs} support windows of ${GOOD_PAIRS} good pairs: false alarms of one detector`,
      value: (100 * falseAlarms) / runs,
      unit: '%',
      goal: 100 * DETECTOR_ALPHA,
      peer: null,
    },
  ];
}

type Rates = { plus: number; minus: number } | { unlabelled: number };

function pairsUntil(random: Random, rates: Rates, holds: (counts: EvidenceCounts) => boolean): number {
  const counts = noEvidence();
  while (counts.pairs < LONGEST) {
    counts.pairs++;
    counts.candidateRequests++;
    if ('unlabelled' in rates) {
      if (random.next() < rates.unlabelled) counts.disagreements++;
    } else {
      const name = outcome(lossOf(random, rates.plus, rates.minus));
      counts[name]++;
      if (name !== 'zero') counts.disagreements++;
    }
    if (holds(counts)) break;
  }
  return counts.pairs;
}

function lossOf(random: Random, plus: number, minus: number): number {
  const draw = random.next();
  return draw < plus ? 1 : draw < plus + minus ? -1 : 0;
}

const outcome = (loss: number) => (loss > 0 ? 'plus' : loss < 0 ? 'minus' : 'zero');

function sorted(runs: number, pairs: (random: Random) => number): number[] {
  return Array.from({ length: runs }, (_, run) => pairs(seededRandom(run + 1))).sort((a, b) => a - b);
}

const at = (ascending: number[], share: number) => ascending[Math.floor((ascending.length - 1) * share)]!;

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
