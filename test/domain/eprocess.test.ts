import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  pairedDropInterval,
  pairedDropLowerBound,
  pairedNoninferior,
  pairedWorse,
  rateAbove,
  rateBelow,
} from '../../src/domain/statistics/eprocess.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/golden.json', import.meta.url), 'utf8'));

interface PairedRow {
  plus: number;
  minus: number;
  zero: number;
  margin: number;
  lnE: number;
}

interface BoundRow {
  plus: number;
  minus: number;
  zero: number;
  alpha: number;
  lower: number;
}

interface RateRow {
  s: number;
  n: number;
  budget: number;
  lnE: number;
}

const paired = (name: string) => golden[name].rows as PairedRow[];
const rates = (name: string) => golden[name].rows as RateRow[];

describe('e-processes', () => {
  it.each(paired('paired_worse'))('meets the golden ln E of paired_worse for %o', (row) => {
    expect(Math.abs(pairedWorse(row, row.margin) - row.lnE)).toBeLessThan(1e-9);
  });

  it.each(paired('paired_noninferior'))('meets the golden ln E of paired_noninferior for %o', (row) => {
    expect(Math.abs(pairedNoninferior(row, row.margin) - row.lnE)).toBeLessThan(1e-9);
  });

  it.each(rates('disagreement_above'))(
    'meets the golden ln E of disagreement_above for %o',
    ({ s, n, budget, lnE }) => {
      expect(Math.abs(rateAbove({ events: s, trials: n }, budget) - lnE)).toBeLessThan(1e-9);
    }
  );

  it.each(rates('disagreement_below'))(
    'meets the golden ln E of disagreement_below for %o',
    ({ s, n, budget, lnE }) => {
      expect(Math.abs(rateBelow({ events: s, trials: n }, budget) - lnE)).toBeLessThan(1e-9);
    }
  );

  it.each(golden.paired_drop_lower_bound.rows as BoundRow[])(
    'meets the golden lower bound of the drop for %o',
    (row) => {
      expect(Math.abs(pairedDropLowerBound(row, row.alpha) - row.lower)).toBeLessThan(1e-9);
    }
  );

  it('knows nothing about the drop without a pair', () => {
    expect(pairedDropLowerBound({ plus: 0, minus: 0, zero: 0 }, 0.05)).toBe(-1);
  });

  it('stays finite where every pair points one way', () => {
    expect(pairedWorse({ plus: 1e6, minus: 0, zero: 0 }, 0)).toBeGreaterThan(1e5);
    expect(pairedWorse({ plus: 0, minus: 1e6, zero: 0 }, 0)).toBeLessThan(-1e3);
    expect(rateAbove({ events: 1e6, trials: 1e6 }, 0.01)).toBeGreaterThan(1e6);
  });
});

describe('a rate that is watched', () => {
  const perfect = { events: 0, trials: 200 };
  it.each([0.5, 0.95, 0.9899])('of which nothing was seen is no alarm at a budget of %d', (budget) => {
    expect(rateAbove(perfect, budget)).toBeLessThan(0);
    expect(rateBelow(perfect, budget)).toBeGreaterThan(0);
  });

  it.each([0, 0.99, 0.995, 1, Number.NaN])('cannot be seen to exceed %d', (budget) => {
    expect(() => rateAbove(perfect, budget)).toThrow(`budget must be between 0 and 0.99 (exclusive), not ${budget}`);
  });
});

it.each([
  ['a budget', () => rateBelow({ events: 0, trials: 1 }, 1), 'budget must be between 0 and 1 (exclusive), not 1'],
  ['a margin', () => pairedWorse({ plus: 0, minus: 0, zero: 1 }, -1), 'margin must be above -1 and at most 1, not -1'],
  ['a margin', () => pairedNoninferior({ plus: 0, minus: 0, zero: 1 }, 1.5), 'margin must be above -1'],
  ['alpha', () => pairedDropLowerBound({ plus: 0, minus: 0, zero: 1 }, 95), 'alpha must be between 0 and 1'],
])('refuses %s that cannot be', (_, test, message) => {
  expect(test).toThrow(message);
});

describe('the interval of the drop', () => {
  it('holds the drop that was seen, closes with the pairs, and turns with the arms', () => {
    const [low, high] = pairedDropInterval({ plus: 30, minus: 10, zero: 960 }, 0.05);
    expect(low).toBeLessThan(0.02);
    expect(high).toBeGreaterThan(0.02);
    const [closerLow, closerHigh] = pairedDropInterval({ plus: 300, minus: 100, zero: 9_600 }, 0.05);
    expect(closerHigh - closerLow).toBeLessThan(high - low);
    const turned = pairedDropInterval({ plus: 10, minus: 30, zero: 960 }, 0.05);
    expect(turned[0]).toBeCloseTo(-high, 9);
    expect(turned[1]).toBeCloseTo(-low, 9);
    expect(pairedDropInterval({ plus: 0, minus: 0, zero: 0 }, 0.05)).toEqual([-1, 1]);
  });
});
