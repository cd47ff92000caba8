import { requireCount, requireFraction } from './arguments.ts';
import { normalQuantile } from './normal.ts';

/**
 * Two-sided score interval of a share, `successes` of `of` trials. Wilson 1927, JASA 22, 209-212; method 3 of Newcombe
 * 1998, Statistics in Medicine 17, 857-872. Throws a RangeError that names the field.
 */
export function wilsonInterval(input: { successes: number; of: number; confidence: number }): [number, number] {
  const { successes, of, confidence } = input;
  requireCount('of', of, 1);
  requireCount('successes', successes, 0);
  if (successes > of) throw new RangeError(`successes must be at most ${of}, not ${successes}`);
  requireFraction('confidence', confidence);
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / of;
  const middle = share + z ** 2 / (2 * of);
  const half = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)];
}
