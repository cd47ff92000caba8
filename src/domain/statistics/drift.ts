/** Distance of two histograms; reported, and decides nothing. */
export interface Drift {
  what: string;
  /** Population stability index; .1 and .25 are the usual rules of thumb. */
  psi: number;
  /** Jensen-Shannon divergence in bits, 0 to 1. */
  jensenShannon: number;
  n: [number, number];
}

/** So that an empty bin is no infinite distance. */
const SMOOTHING = 0.5;

export function driftOf(what: string, expected: number[], seen: number[]): Drift {
  const [p, q] = [shares(expected), shares(seen)];
  let psi = 0;
  let jensenShannon = 0;
  for (const [bin, before] of p.entries()) {
    const now = q[bin]!;
    const middle = (before + now) / 2;
    psi += (now - before) * Math.log(now / before);
    jensenShannon += (before * Math.log2(before / middle) + now * Math.log2(now / middle)) / 2;
  }
  return { what, psi, jensenShannon, n: [total(expected), total(seen)] };
}

const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);

function shares(counts: number[]): number[] {
  const of = total(counts) + SMOOTHING * counts.length;
  return counts.map((count) => (count + SMOOTHING) / of);
}
