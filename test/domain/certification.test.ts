import { describe, expect, it } from 'vitest';
import { certifiableMargin, chanceToCertify, rowsToCertify } from '../../src/domain/statistics/certification.ts';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import { tangoUpperBound } from '../../src/domain/statistics/tango.ts';

const DESIGN = { discordance: 0.02, alpha: 0.05, power: 0.8 };

describe('the chance to certify a margin', () => {
  it('is what 20,000 simulated engagements come to', () => {
    const input = { n: 600, margin: 0.015, alpha: 0.05, truth: { lost: 0.012, won: 0.008 } };
    const random = seededRandom(3);
    let certified = 0;
    for (let run = 0; run < 20_000; run++) {
      let [b, c] = [0, 0];
      for (let row = 0; row < input.n; row++) {
        const at = random.next();
        if (at < 0.012) b += 1;
        else if (at < 0.02) c += 1;
      }
      if (tangoUpperBound({ b, c, n: input.n, confidence: 0.95 }) < input.margin) certified += 1;
    }
    expect(Math.abs(chanceToCertify(input) - certified / 20_000)).toBeLessThan(0.011); // 3 standard errors
  });

  it('is that of one binomial when nothing can be won', () => {
    // 100 rows: 0 rows lost certify 5 points, 1 row lost does not.
    const chance = chanceToCertify({ n: 100, margin: 0.05, alpha: 0.05, truth: { lost: 0.01, won: 0 } });
    const none = 0.99 ** 100;
    const one = 100 * 0.01 * 0.99 ** 99;
    const isOneEnough = tangoUpperBound({ b: 1, c: 0, n: 100, confidence: 0.95 }) < 0.05;
    expect(chance).toBeCloseTo(isOneEnough ? none + one : none, 10);
  });
});

describe('rowsToCertify', () => {
  it.each([
    [0.015, 0.02],
    [0.01, 0.02],
    [0.02, 0.05],
  ])(
    'gives a margin of %f at a discordance of %f the power asked for, and an error of at most 5 %%',
    (margin, discordance) => {
      const n = rowsToCertify({ ...DESIGN, margin, discordance });
      const alpha = 0.05;
      const chance = (lost: number, won: number) => chanceToCertify({ n, margin, alpha, truth: { lost, won } });
      expect(chance(discordance / 2, discordance / 2)).toBeGreaterThanOrEqual(0.8);
      expect(chance((discordance + margin) / 2, (discordance - margin) / 2)).toBeLessThanOrEqual(0.05);
    }
  );

  it('refuses a margin of nothing', () => {
    expect(() => rowsToCertify({ ...DESIGN, margin: 0 })).toThrow('margin must be');
  });
});

describe('certifiableMargin', () => {
  it('is smaller with more rows, and one that so many rows do certify', () => {
    const [few, many] = [400, 4_000].map((n) => certifiableMargin({ n, ...DESIGN }));
    expect(many).toBeLessThan(few!);
    expect(chanceToCertify({ n: 400, margin: few!, alpha: 0.05, truth: { lost: 0.01, won: 0.01 } })).toBeGreaterThan(
      0.8
    );
  });

  it('refuses to certify anything with no rows', () => {
    expect(() => certifiableMargin({ n: 0, ...DESIGN })).toThrow('n must be a whole number of at least 1');
  });
});
