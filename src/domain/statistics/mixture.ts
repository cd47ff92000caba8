/** Fractions of the largest bet that cannot lose everything. Changing a grid invalidates every running test. */
export const BETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.95];

/** ln of the mean of exp(lnBet) over a grid of bets, without overflow. */
export function mixture(grid: readonly number[], lnBet: (point: number, index: number) => number): number {
  const terms = grid.map(lnBet);
  const largest = Math.max(...terms);
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0) / grid.length);
}
