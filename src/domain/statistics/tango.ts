import { requireCount, requireFraction } from './arguments.ts';
import { normalQuantile } from './normal.ts';

/** Of `n` rows, those on which one alone is right: `b` baseline right and candidate wrong, `c` the reverse. */
export interface DiscordantRows {
  b: number;
  c: number;
  n: number;
}

export interface DropInterval {
  /** (b - c) / n, a fraction: positive when the candidate is worse. */
  estimate: number;
  lower: number;
  upper: number;
}

/**
 * Two-sided score interval of the accuracy drop (b - c) / n; `confidence` such as 0.9, whose upper end is the
 * one-sided 95 % bound. Holds with empty cells. Throws a RangeError that names the field for n = 0, b + c > n and
 * counts that are not whole. Source: T. Tango, Statistics in Medicine 17 (1998), 891-908.
 */
export function tangoInterval({ b, c, n, confidence }: DiscordantRows & { confidence: number }): DropInterval {
  requireCount('n', n, 1);
  requireCount('b', b);
  requireCount('c', c);
  if (b + c > n) throw new RangeError(`b + c must not exceed n: ${b} + ${c} > ${n}`);
  requireFraction('confidence', confidence);
  const z = normalQuantile((1 + confidence) / 2);
  const estimate = (b - c) / n;
  return {
    estimate,
    lower: c === n ? -1 : crossing((drop) => score({ b, c, n }, drop) > z, -1, estimate),
    upper: b === n ? 1 : crossing((drop) => score({ b, c, n }, drop) > -z, estimate, 1),
  };
}

/** Upper bound of the drop at a one-sided confidence such as 0.95. */
export function tangoUpperBound({ b, c, n, confidence }: DiscordantRows & { confidence: number }): number {
  if (!(confidence > 0.5 && confidence < 1))
    throw new RangeError(`confidence must be between 0.5 and 1 (exclusive), not ${confidence}`);
  return tangoInterval({ b, c, n, confidence: 2 * confidence - 1 }).upper;
}

/** The score statistic of H0: drop = `drop`, with the nuisance parameter at its constrained maximum likelihood. */
function score({ b, c, n }: DiscordantRows, drop: number): number {
  const linear = -b - c + (2 * n - b + c) * drop;
  const constant = -c * drop * (1 - drop);
  const root = Math.sqrt(Math.max(0, linear * linear - 8 * n * constant));
  // Of the two forms of the quadratic's root, the one that does not cancel.
  const q = linear <= 0 ? (root - linear) / (4 * n) : (-2 * constant) / (linear + root);
  const variance = Math.max(0, n * (2 * q + drop * (1 - drop)));
  const distance = b - c - n * drop;
  return distance === 0 ? 0 : distance / Math.sqrt(variance);
}

/** Where `holds` turns false between `low` (true) and `high` (false), to the last bit. */
function crossing(holds: (x: number) => boolean, low: number, high: number): number {
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (holds(middle)) low = middle;
    else high = middle;
  }
}
