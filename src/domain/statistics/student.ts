import { requireCount } from './arguments.ts';
import { normalQuantile } from './normal.ts';

/**
 * The t with P(T <= t) = p of Student's distribution; p strictly between 0 and 1, at least 5 degrees of freedom, where
 * the error is below 0.2 % for p up to 0.995. Source: Abramowitz & Stegun (1964), 26.7.5.
 */
export function studentQuantile({ p, degrees }: { p: number; degrees: number }): number {
  requireCount('degrees', degrees, 5);
  const z = normalQuantile(p);
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((t, term, i) => t + term / degrees ** (i + 1), z);
}
