/** Coefficients of a ratio of polynomials, highest power first. */
interface Rational {
  numerator: number[];
  denominator: number[];
}

// Wichura 1988, algorithm AS241 (PPND16), Applied Statistics 37 (3), 477-484: relative accuracy about 1e-16.
const CENTRAL: Rational = {
  numerator: [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  denominator: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
};
const TAIL: Rational = {
  numerator: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  denominator: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
};
const FAR_TAIL: Rational = {
  numerator: [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  denominator: [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
};

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
/** Beyond this the series for the body loses digits to cancellation and the continued fraction converges fast. */
const TAIL_STARTS = 3;
const FRACTION_TERMS = 120;

/** P(Z <= x) of the standard normal; relative error below 1e-12 down to where it underflows (x about -38). */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) throw new RangeError('x is not a number');
  if (x < -TAIL_STARTS) return upperTail(-x);
  if (x > TAIL_STARTS) return 1 - upperTail(x);
  // Marsaglia 2004: 1/2 + density(x) * (x + x^3/3 + x^5/(3*5) + ...)
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > Math.abs(sum) * 1e-17; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * density(x);
}

/** The x with P(Z <= x) = p; p strictly between 0 and 1, else a RangeError. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`p must be between 0 and 1, not ${p}`);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * evaluate(CENTRAL, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const x = r <= 5 ? evaluate(TAIL, r - 1.6) : evaluate(FAR_TAIL, r - 5);
  return q < 0 ? -x : x;
}

const density = (x: number) => Math.exp((-x * x) / 2) / SQRT_TWO_PI;

/** P(Z > x) for large x: Laplace's continued fraction density(x) / (x + 1/(x + 2/(x + 3/(x + ...)))). */
function upperTail(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  let fraction = x;
  for (let k = FRACTION_TERMS; k >= 1; k--) fraction = x + k / fraction;
  return density(x) / fraction;
}

const evaluate = ({ numerator, denominator }: Rational, x: number) => horner(numerator, x) / horner(denominator, x);

const horner = (coefficients: number[], x: number) => coefficients.reduce((value, c) => value * x + c, 0);
