/** Fractions of the largest bet that cannot lose everything. Changing a grid invalidates every running test. */
export const BETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95];

/** ln of the mean of exp(lnBet) over a grid of bets, without overflow. */
export function mixture(grid: readonly number[], lnBet: (point: number, index: number) => number): number {
  const terms = grid.map(lnBet);
  let [largest, sum] = [Number.NEGATIVE_INFINITY, 0];
  for (const term of terms) largest = Math.max(largest, term);
  for (const term of terms) sum += Math.exp(term - largest);
  return largest + Math.log(sum / grid.length);
}
