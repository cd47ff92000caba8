import { xxHash32 } from 'js-xxhash';

/** A share of traffic is counted in basis points: 10,000 is everything. */
export const FULL_WEIGHT = 10_000;

/** Bucket 0 to 9,999 of a unit: xxh32 of its bytes (of a string: of its UTF-8), the same as HAProxy's `xxh32(seed)`. */
export function bucketOf(unit: string | Uint8Array, seed: number): number {
  return xxHash32(unit, seed) % FULL_WEIGHT;
}

/** Sticky and monotone: raising the weight moves units to the candidate and none back. */
export function assignedToCandidate(bucket: number, weightBasisPoints: number): boolean {
  return bucket < weightBasisPoints;
}
