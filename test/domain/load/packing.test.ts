import { describe, expect, it } from 'vitest';
import { bestPacking, refusePacking } from '../../../src/domain/load/load-test.ts';

describe('replicas on one host', () => {
  it('are as many as sustain most, the fewest among equals', () => {
    const packed = [null, 80, 120, 120].map((ratePerSecond, index) => ({ replicas: index + 1, ratePerSecond }));
    expect(bestPacking(packed).replicas).toBe(3);
    expect(bestPacking([{ replicas: 1, ratePerSecond: null }]).replicas).toBe(1);
  });

  it('are not started where those before foretell that the memory does not allow it', () => {
    const measured = { replicas: 2, peakBytes: 600e6 };
    expect(refusePacking({ replicas: 4, measured, availableBytes: 1e9 })).toEqual({
      replicas: 4,
      ratePerSecond: null,
      peakBytes: 1.2e9,
      reason: 'would need 1200 MB of 1000 MB',
    });
    expect(refusePacking({ replicas: 4, measured, availableBytes: 2e9 })).toBeUndefined();
    expect(refusePacking({ replicas: 1, measured: undefined, availableBytes: 1 })).toBeUndefined();
  });
});
