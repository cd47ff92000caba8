import type { Spec } from './spec.ts';
import { BETS } from './statistics/mixture.ts';
import type { JudgeConfig } from './traffic.ts';

/** With the twin's p95 as the tail: a candidate with 7 % of its answers beyond it is no slower than allowed. */
const SLOW_MARGIN = 0.02;
/** A guess; a wrong one costs strength of the unpaired test, never its validity. */
const WRONG_RATE = 0.1;

/** In the shadow stage this share of the compared requests runs on the twin twice, until so many rows did. */
export const FLOOR = { share: 0.1, pairs: 1_000 };

/**
 * Without the smallest four of the grid: they would need a hundred thousand pairs to come to anything, and their share
 * of the capital is missing to the others (docs/statistics.md).
 */
export const HARM_BETS = BETS.filter((bet) => bet >= 0.05);

/** The judge's configuration that a specification asks for; fixed before the first observation. */
export function judgeConfigOf({ quality, rollout }: Spec): JudgeConfig {
  const slowest = quality.minimumSpeedup ?? 1;
  return {
    margin: quality.marginPoints / 100,
    disagreementBudget: rollout.disagreementPoints / 100,
    errorBudget: rollout.errorPoints / 100,
    alphaRollback: rollout.alpha,
    alphaPromote: rollout.alpha,
    harmBets: HARM_BETS,
    guardrails: {
      slowMargin: SLOW_MARGIN,
      ...(slowest < 1 && { slowdown: 1 / slowest }),
      wrongRate: WRONG_RATE,
      twinDropMargin: quality.marginPoints / 100,
    },
  };
}
