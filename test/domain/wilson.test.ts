import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../src/domain/statistics/wilson.ts';

describe('wilsonInterval', () => {
  // Newcombe 1998, table I, method 3
  it.each([
    [81, 263, '0.2553', '0.3662'],
    [15, 148, '0.0624', '0.1605'],
    [0, 20, '0.0000', '0.1611'],
    [1, 29, '0.0061', '0.1718'],
  ])('%i of %i is published as %s to %s', (successes, of, low, high) => {
    expect(wilsonInterval({ successes, of, confidence: 0.95 }).map((bound) => bound.toFixed(4))).toEqual([low, high]);
  });

  it('refuses counts that cannot be', () => {
    expect(() => wilsonInterval({ successes: 3, of: 2, confidence: 0.95 })).toThrow(/successes must be at most 2/);
    expect(() => wilsonInterval({ successes: 0, of: 0, confidence: 0.95 })).toThrow(/of must be/);
    expect(() => wilsonInterval({ successes: 1, of: 2, confidence: 95 })).toThrow(
      /^confidence must be between 0 and 1/
    );
  });
});
