import { requireFraction } from './arguments.ts';
import { normalQuantile } from './normal.ts';

/** Shares, not points. */
export interface NonInferiorityDesign {
  /** Expected share of rows on which exactly one of the two models is right; above 0. */
  discordance: number;
  /** One-sided error: the chance that a candidate exactly at the margin passes, such as 0.05. */
  alpha: number;
  /** The chance that a candidate as good as the baseline passes, such as 0.8. */
  power: number;
}

/**
 * Rows needed to certify a margin on paired rows when the true drop is 0: ceil((z_alpha + z_power)^2 discordance /
 * margin^2). Throws a RangeError that names the field. Source: normal approximation of the paired test, Lu & Bean,
 * Statistics in Medicine 14 (1995), 1831-1839, at a true difference of 0.
 */
export function nonInferioritySampleSize({ margin, ...design }: NonInferiorityDesign & { margin: number }): number {
  requireFraction('margin', margin);
  const distance = distanceOf(design);
  return Math.ceil((distance * distance * design.discordance) / (margin * margin));
}

function distanceOf({ discordance, alpha, power }: NonInferiorityDesign): number {
  if (!(discordance > 0 && discordance <= 1))
    throw new RangeError(`discordance must be above 0 and at most 1, not ${discordance}`);
  requireFraction('alpha', alpha);
  requireFraction('power', power);
  if (power <= alpha) throw new RangeError(`power must exceed alpha, and ${power} does not exceed ${alpha}`);
  return normalQuantile(1 - alpha) + normalQuantile(power);
}
