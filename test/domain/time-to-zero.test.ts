import { describe, expect, it } from 'vitest';
import { msToZero, slowest, timeToZero } from '../../src/domain/time-to-zero.ts';

const orderedAt = '2026-01-01T00:00:10.000Z';
const taken = { weight: 0, trippedAt: '2026-01-01T00:00:10.020Z', zeroAt: '2026-01-01T00:00:10.400Z' };
const readAt = '2026-01-01T00:00:11.000Z';

describe('the time to 0 %', () => {
  it('counts from an order, or from the observation that tripped the gateway before it', () => {
    const ordered = timeToZero({ ...taken, readAt }, 25, orderedAt)!;
    expect(ordered).toMatchObject({ stage: 25, from: orderedAt, readAt });
    expect(msToZero(ordered)).toBe(400);
    const trippedAt = '2026-01-01T00:00:00.000Z';
    expect(msToZero(timeToZero({ ...taken, trippedAt, readAt }, 25, orderedAt)!)).toBe(10_400);
  });

  it('is not known of a model that is not served, or from an older version', () => {
    expect(timeToZero({ weight: 0 }, 25, orderedAt)).toBeUndefined();
  });

  it('has a worst', () => {
    const times = [1, 3, 2].map((second) => ({
      stage: 1,
      from: orderedAt,
      zeroAt: `2026-01-01T00:00:1${second}.000Z`,
      readAt,
    }));
    expect(slowest(times)).toBe(times[1]);
    expect(slowest([])).toBeUndefined();
  });
});
