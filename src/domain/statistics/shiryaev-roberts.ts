/** Changing the grid invalidates every running detector. */
const BETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8];
/** Far above every bound; keeps a detector that nobody restarts from overflowing. */
const LARGEST = 1e300;

/** The capital of each bet, over every moment at which the break may have begun; small enough for a workflow's state. */
export type Detector = number[];

export const newDetector = (): Detector => BETS.map(() => 0);

/**
 * Takes the loss of the candidate minus that of the twin on one pair, -1 to 1. Against H0 that the mean loss is at most
 * `margin` all along. Other than an e-process it forgets: what went well for weeks does not hide a break today.
 */
export function observeLoss(detector: Detector, loss: number, margin = 0): Detector {
  if (!(Math.abs(loss) <= 1)) throw new RangeError(`loss must be between -1 and 1, not ${loss}`);
  return detector.map((capital, index) =>
    Math.min(LARGEST, (capital + 1) * (1 + (BETS[index]! * (loss - margin)) / (1 + margin)))
  );
}

/** Pairs by the sign of their loss; a corrected label may take one away again. */
export interface Losses {
  plus: number;
  minus: number;
  zero: number;
}

/** As `observeLoss` for many pairs whose order is not known: a break can then only begin where a batch does. */
export function observeLosses(detector: Detector, { plus, minus, zero }: Losses, margin = 0): Detector {
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
