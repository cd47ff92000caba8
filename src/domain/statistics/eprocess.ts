import { requireFraction, requireMargin } from './arguments.ts';
import { BETS, mixture } from './mixture.ts';

/**
 * Natural logs of e-values on counts: products of fair bets against a null hypothesis, mixed over a fixed grid.
 * Under the null, `lnE` ever reaches `ln(1/alpha)` with a chance of at most alpha, however often one looks (Ville).
 * Margins, budgets and alpha are fractions. Throws a RangeError that names the field. Sources: bets on bounded
 * differences, Waudby-Smith and Ramdas, arXiv 2010.09686; e-processes, Ramdas et al., arXiv 2210.01948.
 */

const ALARM_RATIOS = [1.1, 1.25, 1.5, 2, 3, 5, 8, 12];
const CERTIFICATE_RATIOS = [0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9];
const LARGEST_RATE = 0.99;

/** Pairs with a known label: candidate wrong and twin right, the reverse, and both right or both wrong. */
export interface PairedCounts {
  plus: number;
  minus: number;
  zero: number;
}

/** Against H0: the candidate's accuracy is at most `margin` below the twin's. Large: it is worse by more. */
export function pairedWorse({ plus, minus, zero }: PairedCounts, margin: number, bets = BETS): number {
  requireMargin(margin);
  return mixture(bets, (f) => {
    const bet = f / (1 + margin);
    return plus * Math.log1p(bet * (1 - margin)) + minus * Math.log1p(-f) + zero * Math.log1p(-bet * margin);
  });
}

/** Against H0: the candidate's accuracy is `margin` or more below the twin's. Large: it is non-inferior. */
export function pairedNoninferior({ plus, minus, zero }: PairedCounts, margin: number, bets = BETS): number {
  requireMargin(margin);
  return mixture(bets, (f) => {
    const bet = f / (1 + margin);
    return plus * Math.log1p(-bet * (1 - margin)) + minus * Math.log1p(f) + zero * Math.log1p(bet * margin);
  });
}

export interface EventCounts {
  events: number;
  trials: number;
}

/** Against H0: the rate of events is at most `budget`, below 0.99. Large: it is above. */
export function rateAbove(counts: EventCounts, budget: number): number {
  if (!(budget > 0 && budget < LARGEST_RATE))
    throw new RangeError(`budget must be between 0 and ${LARGEST_RATE} (exclusive), not ${budget}`);
  return rateAgainst(
    ALARM_RATIOS.map((ratio) => Math.min(LARGEST_RATE, ratio * budget)),
    counts,
    budget
  );
}

/** Against H0: the rate of events is at least `budget`. Large: it is below. */
export function rateBelow(counts: EventCounts, budget: number): number {
  requireFraction('budget', budget);
  return rateAgainst(
    CERTIFICATE_RATIOS.map((ratio) => ratio * budget),
    counts,
    budget
  );
}

/** The largest accuracy drop that the pairs refute: the true drop is above it, at every moment, but for alpha. */
export function pairedDropLowerBound(counts: PairedCounts, alpha: number): number {
  requireFraction('alpha', alpha);
  const bound = Math.log(1 / alpha);
  let low = -1 + 1e-9;
  let high = 1;
  if (pairedWorse(counts, low) < bound) return -1;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (pairedWorse(counts, middle) < bound) high = middle;
    else low = middle;
  }
  return high;
}

/** A drop within these bounds is refuted by no look at the pairs, at all times together, but for alpha. */
export function pairedDropInterval({ plus, minus, zero }: PairedCounts, alpha: number): [number, number] {
  const low = pairedDropLowerBound({ plus, minus, zero }, alpha / 2);
  return [low, -pairedDropLowerBound({ plus: minus, minus: plus, zero }, alpha / 2)];
}

function rateAgainst(rates: number[], { events, trials }: EventCounts, budget: number): number {
  return mixture(
    rates,
    (rate) => events * Math.log(rate / budget) + (trials - events) * (Math.log1p(-rate) - Math.log1p(-budget))
  );
}
