import { requireCount } from './arguments.ts';
import { binomialCdf } from './binomial.ts';

/**
 * Exact two-sided McNemar test of "as many rows were lost as won": p = min(1, 2 P[Binomial(b + c, 1/2) <= min(b, c)]).
 * `b` counts rows where the baseline is right and the candidate wrong, `c` the reverse; without any, p is 1.
 * Throws a RangeError that names the field for counts that are not whole. Source: Q. McNemar, Psychometrika 12 (1947).
 */
export function mcnemarExact({ b, c }: { b: number; c: number }): number {
  requireCount('b', b);
  requireCount('c', c);
  return Math.min(1, 2 * binomialCdf({ trials: b + c, share: 0.5, successes: Math.min(b, c) }));
}
