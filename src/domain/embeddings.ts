import { seededRandom } from './statistics/random.ts';

/** Vectors of one width, one after the other. */
export interface Vectors {
  values: Float32Array;
  width: number;
}

const SAMPLED = 20_000;
const SEED = 1;

export const vectorAt = ({ values, width }: Vectors, row: number): Float32Array =>
  values.subarray(row * width, (row + 1) * width);

/** Of two vectors as the service gives them: the cosine where they have length 1. */
export function scalarProduct(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Cosine of two vectors times the shorter length over the longer, as where vectors keep their lengths these count too;
 * exactly 1 where they are the same, which a quotient of sums is not. 0 where one has no length.
 */
export function fidelity(a: Float32Array, b: Float32Array): number {
  const [first, second] = [Math.sqrt(scalarProduct(a, a)), Math.sqrt(scalarProduct(b, b))];
  if (first === 0 || second === 0) return first === second ? 1 : 0;
  let apart = 0;
  for (let i = 0; i < a.length; i++) apart += (a[i]! / first - b[i]! / second) ** 2;
  return (1 - apart / 2) * (Math.min(first, second) / Math.max(first, second));
}

/** Mean square of what a row loses that is answered with another row's vector, from pairs of rows by a fixed seed. */
export function fidelitySpread(vectors: Vectors): number {
  const rows = vectors.values.length / vectors.width;
  if (rows < 2) return 1;
  const random = seededRandom(SEED);
  let sum = 0;
  for (let pair = 0; pair < SAMPLED; pair++) {
    const row = random.below(rows);
    const other = (row + 1 + random.below(rows - 1)) % rows;
    sum += (1 - fidelity(vectorAt(vectors, row), vectorAt(vectors, other))) ** 2;
  }
  return sum === 0 ? 1 : sum / SAMPLED;
}
