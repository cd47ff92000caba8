import { describe, expect, it } from 'vitest';
import { nonInferioritySampleSize } from '../../src/domain/statistics/sample-size.ts';
import golden from '../golden/golden.json' with { type: 'json' };

const DESIGN = { discordance: 0.02, alpha: 0.05, power: 0.8 };

describe('the size of a non-inferiority test', () => {
  it.each(golden.noninferiority_sample_size.rows)(
    'is $n rows for a margin of $margin at a discordance of $discordance',
    ({ margin, discordance, alphaOneSided, power, n }) => {
      const design = { discordance, alpha: alphaOneSided, power };
      expect(nonInferioritySampleSize({ margin, ...design })).toBe(n);
    }
  );

  it.each([
    [{ ...DESIGN, margin: 0 }, 'margin must be'],
    [{ ...DESIGN, margin: 0.01, discordance: 0 }, 'discordance must be'],
    [{ ...DESIGN, margin: 0.01, alpha: 0 }, 'alpha must be'],
    [{ ...DESIGN, margin: 0.01, power: 1 }, 'power must be'],
    [{ ...DESIGN, margin: 0.01, power: 0.04 }, 'power must exceed alpha'],
  ])('refuses %j', (input, message) => {
    expect(() => nonInferioritySampleSize(input)).toThrow(message);
  });
});
