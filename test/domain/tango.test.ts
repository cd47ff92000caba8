import { describe, expect, it } from 'vitest';
import { tangoInterval, tangoUpperBound } from '../../src/domain/statistics/tango.ts';
import golden from '../golden/golden.json' with { type: 'json' };

describe('the Tango score interval', () => {
  it.each(golden.tango_interval.rows)('of b=$b c=$c n=$n at $confidence is the golden one', (row) => {
    const { estimate, lower, upper } = tangoInterval(row);
    expect(Math.abs(estimate - row.estimate)).toBeLessThan(1e-12);
    expect(Math.abs(lower - row.lower)).toBeLessThan(1e-9);
    expect(Math.abs(upper - row.upper)).toBeLessThan(1e-9);
  });

  it.each([
    { b: 7, c: 3, n: 50, confidence: 0.9 },
    { b: 0, c: 12, n: 40, confidence: 0.95 },
    { b: 10, c: 0, n: 10, confidence: 0.9 },
    { b: 0, c: 0, n: 1, confidence: 0.99 },
    { b: 3, c: 5, n: 8, confidence: 0.9 },
  ])('turns around when the models change places: b=$b c=$c n=$n', ({ b, c, n, confidence }) => {
    const forth = tangoInterval({ b, c, n, confidence });
    const back = tangoInterval({ b: c, c: b, n, confidence });
    expect(back.lower).toBeCloseTo(-forth.upper, 12);
    expect(back.upper).toBeCloseTo(-forth.lower, 12);
    expect(forth.lower).toBeLessThanOrEqual(forth.estimate);
    expect(forth.upper).toBeGreaterThanOrEqual(forth.estimate);
    expect(Math.abs(forth.upper)).toBeLessThanOrEqual(1);
  });

  it('ends at 1 when every row was lost', () => {
    expect(tangoInterval({ b: 10, c: 0, n: 10, confidence: 0.9 }).upper).toBe(1);
  });

  it('gives the one-sided 95 % bound as the end of the two-sided 90 % interval', () => {
    const row = golden.tango_interval.rows.find((each) => each.confidence === 0.9)!;
    expect(tangoUpperBound({ ...row, confidence: 0.95 })).toBeCloseTo(row.upper, 9);
  });

  it.each([
    [{ b: 0, c: 0, n: 0, confidence: 0.9 }, 'n must be a whole number of at least 1, not 0'],
    [{ b: -1, c: 0, n: 5, confidence: 0.9 }, 'b must be'],
    [{ b: 1, c: 0.5, n: 5, confidence: 0.9 }, 'c must be'],
    [{ b: 3, c: 3, n: 5, confidence: 0.9 }, 'b + c must not exceed n: 3 + 3 > 5'],
    [{ b: 0, c: 0, n: 5, confidence: 1 }, 'confidence must be'],
  ])('refuses %j', (input, message) => {
    expect(() => tangoInterval(input)).toThrow(message);
  });

  it('refuses a one-sided confidence that bounds nothing', () => {
    expect(() => tangoUpperBound({ b: 0, c: 0, n: 5, confidence: 0.5 })).toThrow('confidence must be');
  });
});
