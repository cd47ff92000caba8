import { harmProven, judge, noEvidence } from '../../src/domain/judge.ts';
import { HARM_BETS } from '../../src/domain/rollout-policy.ts';
import { pairedWorse } from '../../src/domain/statistics/eprocess.ts';
import { type Random, seededRandom } from '../../src/domain/statistics/random.ts';
import {
  detectorBound,
  detectorStatistic,
  newDetector,
  observeLosses,
} from '../../src/domain/statistics/shiryaev-roberts.ts';
import { GUARD_SHARES } from '../../src/domain/support.ts';
import type { EvidenceCounts, JudgeConfig } from '../../src/domain/traffic.ts';
import { Rules } from './simulated-rules.ts';
import { playRollout, type Truth } from './simulated-traffic.ts';

export const ALPHA = 0.05;
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
export const REQUESTS = 20_000;
export const GOOD_PAIRS = 20_000;
export const DETECTOR_ALPHA = ALPHA * GUARD_SHARES['labelled-worse'];
const LONGEST = 20_000;

/** From the first to the last seed. */
export type Seeds = [first: number, last: number];

/** What is played in threads: a job's result depends on its seeds alone. */
export const JOBS = { rollouts, detection, lateBreaks };

/** In how many of the A/A rollouts the judge, and each other rule, took the candidate back. */
function rollouts([first, last]: Seeds): Record<string, number> {
  const fired: Record<string, number> = {};
  const tick = (name: string) => {
    fired[name] = (fired[name] ?? 0) + 1;
  };
  for (let seed = first; seed <= last; seed++) {
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
  return fired;
}

/** How many pairs the judge needed to find harm, or to prove that there is none. */
function detection(seeds: Seeds): Record<'drop' | 'broken' | 'equal' | 'agreeing', number[]> {
  const isHarm = (counts: EvidenceCounts) => harmProven(counts, JUDGE) !== undefined;
  const isProven = (counts: EvidenceCounts) => judge(counts, JUDGE).action === 'promote';
  return {
    drop: each(seeds, (random) => pairsUntil(random, { plus: 0.03, minus: 0.01 }, isHarm)),
    broken: each(seeds, (random) => pairsUntil(random, { plus: 0.22, minus: 0.02 }, isHarm)),
    equal: each(seeds, (random) => pairsUntil(random, { plus: 0.005, minus: 0.005 }, isProven)),
    agreeing: each(seeds, (random) => pairsUntil(random, { unlabelled: 0.002 }, isProven)),
  };
}

const ONE = {
  plus: { plus: 1, minus: 0, zero: 0 },
  minus: { plus: 0, minus: 1, zero: 0 },
  zero: { plus: 0, minus: 0, zero: 1 },
};

/** A break after weeks without one: pairs until the support detector, and the ramp's test, found it. */
function lateBreaks(seeds: Seeds): { byDetector: number; byTest: number; falseAlarm: boolean }[] {
  const bound = detectorBound(GOOD_PAIRS, DETECTOR_ALPHA);
  return each(seeds, (random) => {
    let detector = newDetector();
    const counts = { plus: 0, minus: 0, zero: 0 };
    let falseAlarm = false;
    for (let pair = 0; pair < GOOD_PAIRS; pair++) {
      const loss = lossOf(random, 0.02, 0.02);
      counts[outcome(loss)]++;
      detector = observeLosses(detector, ONE[outcome(loss)]);
      if (detectorStatistic(detector) < bound) continue;
      falseAlarm = true;
      detector = newDetector();
    }
    let [byDetector, byTest] = [0, 0];
    for (let pair = 1; pair <= LONGEST && (byDetector === 0 || byTest === 0); pair++) {
      const loss = lossOf(random, 0.03, 0.01);
      counts[outcome(loss)]++;
      detector = observeLosses(detector, ONE[outcome(loss)]);
      if (byDetector === 0 && detectorStatistic(detector) >= bound) byDetector = pair;
      if (byTest === 0 && pairedWorse(counts, 0) >= Math.log(1 / ALPHA)) byTest = pair;
    }
    return { byDetector: byDetector || LONGEST, byTest: byTest || LONGEST, falseAlarm };
  });
}

const each = <T>([first, last]: Seeds, play: (random: Random) => T): T[] =>
  Array.from({ length: last - first + 1 }, (_, index) => play(seededRandom(first + index)));

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
