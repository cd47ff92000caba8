import { describe, expect, it } from 'vitest';
import { driftOf } from '../../src/domain/statistics/drift.ts';

describe('the drift of two histograms', () => {
  it('is nothing between shares that are alike, however many there are of each', () => {
    const { psi, jensenShannon, n } = driftOf('classes', [500_000, 1_500_000], [50_000, 150_000]);
    expect(psi).toBeLessThan(1e-6);
    expect(jensenShannon).toBeLessThan(1e-6);
    expect(n).toEqual([2_000_000, 200_000]);
  });

  it('is as computed by hand', () => {
    // With half a row more in each bin: 1/2 and 1/2 against 3/4 and 1/4.
    const { what, psi, jensenShannon } = driftOf('classes', [499.5, 499.5], [749.5, 249.5]);
    expect(what).toBe('classes');
    expect(psi).toBeCloseTo(0.25 * Math.log(1.5) - 0.25 * Math.log(0.5), 12);
    const half = 0.5 * Math.log2(0.5 / 0.625) + 0.5 * Math.log2(0.5 / 0.375);
    const other = 0.75 * Math.log2(0.75 / 0.625) + 0.25 * Math.log2(0.25 / 0.375);
    expect(jensenShannon).toBeCloseTo((half + other) / 2, 12);
  });

  it('is nearly one bit between classes that have nothing in common', () => {
    const { jensenShannon } = driftOf('classes', [1_000_000, 0], [0, 1_000_000]);
    expect(jensenShannon).toBeGreaterThan(0.9999);
    expect(jensenShannon).toBeLessThanOrEqual(1);
  });

  it('stays finite where a class was never seen, and says how little it rests on', () => {
    const { psi, n } = driftOf('classes', [0, 10], [10, 0]);
    expect(psi).toBeGreaterThan(1);
    expect(psi).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(n).toEqual([10, 10]);
    expect(driftOf('classes', [0, 0], [0, 0])).toMatchObject({ psi: 0, jensenShannon: 0, n: [0, 0] });
  });

  it('is alike in both directions', () => {
    const [there, back] = [driftOf('c', [30, 70], [60, 40]), driftOf('c', [60, 40], [30, 70])];
    expect(there.psi).toBeCloseTo(back.psi, 12);
    expect(there.jensenShannon).toBeCloseTo(back.jensenShannon, 12);
  });
});
