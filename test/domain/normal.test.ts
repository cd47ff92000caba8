import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile } from '../../src/domain/statistics/normal.ts';

// mpmath at 40 digits.
const CDF: [number, number][] = [
  [-37.5, 4.605353009581955e-308],
  [-20, 2.7536241186062337e-89],
  [-8, 6.220960574271784e-16],
  [-5, 2.866515718791939e-7],
  [-3.0001, 0.0013494549132607172],
  [-3, 0.0013498980316300946],
  [-1.5, 0.06680720126885807],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [1e-9, 0.5000000003989423],
  [0.7, 0.758036347776927],
  [2.999, 0.9986456634662729],
  [3.001, 0.998654527174915],
  [6, 0.9999999990134123],
  [Number.POSITIVE_INFINITY, 1],
  [Number.NEGATIVE_INFINITY, 0],
];

const QUANTILE: [number, number][] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798407],
  [1e-9, -5.9978070150076865],
  [0.0005, -3.290526731491895],
  [0.05, -1.6448536269514726],
  [0.075, -1.439531470938456],
  [0.2, -0.8416212335729142],
  [0.5, 0],
  [0.8, 0.8416212335729144],
  [0.975, 1.9599639845400538],
  [0.999999, 4.753424308817087],
];

describe('the normal distribution', () => {
  it.each(CDF)('has P(Z <= %d) = %d to 12 digits', (x, expected) => {
    expect(Math.abs(normalCdf(x) - expected)).toBeLessThanOrEqual(1e-12 * expected);
  });

  it.each(QUANTILE)('has its %d quantile at %d', (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
  });

  it.each([0, 1, -0.1, Number.NaN])('refuses the quantile of %d', (p) => {
    expect(() => normalQuantile(p)).toThrow(RangeError);
  });

  it('refuses a probability of what is not a number', () => {
    expect(() => normalCdf(Number.NaN)).toThrow('x is not a number');
  });
});
