import { requireCount } from './arguments.ts';
import { binomialCdf } from './binomial.ts';
import { type NonInferiorityDesign, nonInferioritySampleSize } from './sample-size.ts';
import { tangoUpperBound } from './tango.ts';

const GROWTH = 1.01;
const MARGIN_STEPS = 20;
const NEGLIGIBLE = 1e-12;

/** Shares of rows on which only the baseline, and only the candidate, is right. */
export interface Discordance {
  lost: number;
  won: number;
}

/**
 * The chance that `n` rows certify the margin by Tango's bound, summed over what the rows may say; exact, while the
 * formula of `nonInferioritySampleSize` is off by up to 7 points of power on a thousand rows.
 */
export function chanceToCertify(input: { n: number; margin: number; alpha: number; truth: Discordance }): number {
  const { n, margin, alpha, truth } = input;
  requireCount('n', n, 1);
  const certifies = (b: number, c: number) => tangoUpperBound({ b, c, n, confidence: 1 - alpha }) < margin;
  let [chance, wonSoFar, most] = [0, 0, -1];
  for (let won = 0; won <= n && (won <= n * truth.won || 1 - wonSoFar > NEGLIGIBLE); won++) {
    // More rows won never certify fewer rows lost.
    while (most + 1 + won <= n && certifies(most + 1, won)) most += 1;
    const upTo = truth.won > 0 ? binomialCdf({ trials: n, share: truth.won, successes: won }) : 1;
    const exactly = upTo - wonSoFar;
    wonSoFar = upTo;
    if (most < 0 || exactly <= 0) continue;
    chance += exactly * binomialCdf({ trials: n - won, share: truth.lost / (1 - truth.won), successes: most });
  }
  return chance;
}

/**
 * Rows that certify the margin with the design's power when the candidate is as good as the baseline, within 1 %; by the
 * exact chance, so somewhat more than the formula says. Throws a RangeError that names the field.
 */
export function rowsToCertify({ margin, ...design }: NonInferiorityDesign & { margin: number }): number {
  let n = nonInferioritySampleSize({ margin, ...design });
  while (!isPowerful(n, margin, design)) n = Math.ceil(GROWTH * n);
  return n;
}

/** The smallest margin, a share, that `n` rows certify with the design's power; 1 when they certify none. */
export function certifiableMargin({ n, ...design }: NonInferiorityDesign & { n: number }): number {
  requireCount('n', n, 1);
  let [low, high] = [0, 1];
  for (let step = 0; step < MARGIN_STEPS; step++) {
    const middle = (low + high) / 2;
    if (isPowerful(n, middle, design)) high = middle;
    else low = middle;
  }
  return high;
}

function isPowerful(n: number, margin: number, { discordance, alpha, power }: NonInferiorityDesign): boolean {
  const truth = { lost: discordance / 2, won: discordance / 2 };
  return chanceToCertify({ n, margin, alpha, truth }) >= power;
}
