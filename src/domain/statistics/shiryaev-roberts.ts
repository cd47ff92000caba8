import { requireMargin } from './arguments.ts';
import type { PairedCounts } from './eprocess.ts';

/** Changing the grid invalidates every running detector. */
const BETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8];
/** Far above every bound; keeps a detector that nobody restarts from overflowing. */
const LARGEST = 1e300;

/** The capital of each bet, over every moment at which the break may have begun; small enough for a workflow's state. */
export type Detector = number[];

export const newDetector = (): Detector => BETS.map(() => 0);

/**
 * Takes pairs, by the loss of the candidate minus that of the twin, whose order is not known: a break can begin only where
 * a batch does. Against H0 that the mean loss is at most `margin`, a fraction, all along. Other than an e-process it
 * forgets: what went well for weeks does not hide a break today. A corrected label may take a pair away again. Throws a
 * RangeError that names the field. Source: Shin, Ramdas and Rinaldo, arXiv 2203.03532.
 */
export function observeLosses(detector: Detector, { plus, minus, zero }: PairedCounts, margin = 0): Detector {
  requireMargin(margin);
  if (!Number.isFinite(plus + minus + zero))
    throw new RangeError(`plus, minus and zero must be numbers of pairs, not ${plus}, ${minus} and ${zero}`);
  return detector.map((capital, index) => {
    const bet = BETS[index]! / (1 + margin);
    const growth =
      plus * Math.log1p(bet * (1 - margin)) +
      minus * Math.log1p(-bet * (1 + margin)) +
      zero * Math.log1p(-bet * margin);
    return Math.min(LARGEST, (capital + 1) * Math.exp(growth));
  });
}

/** The evidence for a break at any time since the detector was new. */
export const detectorStatistic = (detector: Detector): number =>
  detector.reduce((sum, capital) => sum + capital, 0) / detector.length;

/** Reached by mistake within `observations` pairs with a chance of at most alpha; the detector then starts anew. */
export const detectorBound = (observations: number, alpha: number): number => observations / alpha;
