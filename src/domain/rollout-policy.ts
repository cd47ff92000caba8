import type { Spec } from './spec.ts';
import type { JudgeConfig } from './traffic.ts';

/** The judge's configuration that a specification asks for; fixed before the first observation. */
export function judgeConfigOf({ quality, rollout }: Spec): JudgeConfig {
  return {
    margin: quality.marginPoints / 100,
    disagreementBudget: rollout.disagreementPoints / 100,
    errorBudget: rollout.errorPoints / 100,
    alphaRollback: rollout.alpha,
    alphaPromote: rollout.alpha,
  };
}
