import type { Spec } from './spec.ts';
import type { JudgeConfig } from './traffic.ts';

/** With the twin's p95 as the tail: a candidate with 7 % of its answers beyond it is no slower than allowed. */
const SLOW_MARGIN = 0.02;
/** A guess; a wrong one costs strength of the unpaired test, never its validity. */
const WRONG_RATE = 0.1;

/** The judge's configuration that a specification asks for; fixed before the first observation. */
export function judgeConfigOf({ quality, rollout }: Spec): JudgeConfig {
  return {
    margin: quality.marginPoints / 100,
    disagreementBudget: rollout.disagreementPoints / 100,
    errorBudget: rollout.errorPoints / 100,
    alphaRollback: rollout.alpha,
    alphaPromote: rollout.alpha,
    guardrails: {
      slowMargin: SLOW_MARGIN,
      wrongRate: WRONG_RATE,
      twinDropMargin: quality.marginPoints / 100,
    },
  };
}
