import { requireCount } from './arguments.ts';

/**
 * Exact two-sided McNemar test of "as many rows were lost as won": p = min(1, 2 P[Binomial(b + c, 1/2) <= min(b, c)]).
 * `b` counts rows where the baseline is right and the candidate wrong, `c` the reverse; without any, p is 1.
 * Throws a RangeError that names the field for counts that are not whole. Source: Q. McNemar, Psychometrika 12 (1947).
 */
export function mcnemarExact({ b, c }: { b: number; c: number }): number {
  requireCount('b', b);
  requireCount('c', c);
  const n = b + c;
  const k = Math.min(b, c);
  let logTerm = -n * Math.LN2;
  for (let i = 1; i <= k; i++) logTerm += Math.log((n - k + i) / i);
  // The largest term times the sum of the ratios of the smaller ones to it.
  let ratio = 1;
  let sum = 1;
  for (let i = k; i > 0 && ratio > Number.EPSILON * sum * 1e-3; i--) {
    ratio *= i / (n - i + 1);
    sum += ratio;
  }
  return Math.min(1, 2 * Math.exp(logTerm) * sum);
}
