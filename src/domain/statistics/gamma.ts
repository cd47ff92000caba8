// Lanczos, g = 7, 9 terms: relative accuracy about 1e-15.
const G = 7;
const [FIRST, ...REST] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln of the gamma function of x > 0. */
export function lnGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`x must be above 0, not ${x}`);
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const z = x - 1;
  let sum: number = FIRST;
  for (let term = 0; term < REST.length; term++) sum += REST[term]! / (z + term + 1);
  const t = z + G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}
