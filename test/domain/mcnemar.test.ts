import { describe, expect, it } from 'vitest';
import { mcnemarExact } from '../../src/domain/statistics/mcnemar.ts';
import golden from '../golden/golden.json' with { type: 'json' };

describe('the exact McNemar test', () => {
  it.each([
    ...golden.mcnemar.rows,
    // scipy.stats.binomtest
    { b: 1000, c: 900, pExact: 0.023108845108901193 },
    { b: 12_345, c: 12_000, pExact: 0.027471663212771995 },
    { b: 1, c: 40, pExact: 3.8198777474462986e-11 },
  ])('has p = $pExact for b=$b c=$c', ({ b, c, pExact }) => {
    expect(Math.abs(mcnemarExact({ b, c }) - pExact)).toBeLessThanOrEqual(1e-9 * pExact);
    expect(mcnemarExact({ b: c, c: b })).toBe(mcnemarExact({ b, c }));
  });

  it.each([
    [{ b: -1, c: 0 }, 'b must be'],
    [{ b: 0, c: 1.5 }, 'c must be'],
    [{ b: Number.NaN, c: 0 }, 'b must be'],
  ])('refuses %j', (input, message) => {
    expect(() => mcnemarExact(input)).toThrow(message);
  });
});
