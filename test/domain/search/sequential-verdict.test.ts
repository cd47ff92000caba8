import { describe, expect, it } from 'vitest';
import { sequentialVerdict, withRow } from '../../../src/domain/search/sequential-verdict.ts';
import { seededRandom } from '../../../src/domain/statistics/random.ts';

const TEST = { margin: 0.015, alpha: 0.05 };

/** Rows until a verdict, or all of them. */
function look(rows: number, lost: number, won: number, seed: number) {
  const random = seededRandom(seed);
  let counts = { plus: 0, minus: 0, zero: 0 };
  for (let row = 1; row <= rows; row++) {
    const at = random.next();
    counts = withRow(counts, at < lost || at >= lost + won, at >= lost);
    const verdict = sequentialVerdict(counts, TEST);
    if (verdict) return { verdict, row };
  }
  return { verdict: null, row: rows };
}

describe('sequentialVerdict', () => {
  it('says nothing without rows', () => {
    expect(sequentialVerdict({ plus: 0, minus: 0, zero: 0 }, TEST)).toBeNull();
  });

  it('needs few rows for a candidate that collapsed', () => {
    const { verdict, row } = look(2_000, 0.3, 0, 1);
    expect(verdict).toBe('worse');
    expect(row).toBeLessThan(60);
  });

  it('is rarely wrong about a candidate whose drop is the margin, though asked after every row', () => {
    const said = Array.from({ length: 300 }, (_, seed) => look(2_000, 0.025, 0.01, seed).verdict);
    expect(said.filter((verdict) => verdict === 'non-inferior').length).toBeLessThanOrEqual(15);
    expect(said.filter((verdict) => verdict === 'worse').length).toBeLessThanOrEqual(15);
  });

  it('counts what was lost and won', () => {
    const none = { plus: 0, minus: 0, zero: 0 };
    expect(withRow(none, true, false)).toEqual({ plus: 1, minus: 0, zero: 0 });
    expect(withRow(none, false, true)).toEqual({ plus: 0, minus: 1, zero: 0 });
    expect(withRow(none, false, false)).toEqual({ plus: 0, minus: 0, zero: 1 });
  });
});
