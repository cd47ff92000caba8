import { describe, expect, it } from 'vitest';
import type { LoadTest } from '../../src/domain/load/load-test.ts';
import { describeCost, servingCost } from '../../src/domain/serving-cost.ts';
import { closingDocument, economics } from './closing-document.ts';

const tested = (ratePerSecond: number | null, over: Partial<LoadTest> = {}) =>
  ({
    ratePerSecond,
    exceededPerSecond: null,
    replicas: 1,
    faults: [],
    host: closingDocument().host!,
    ...over,
  }) as never;

describe('cost of serving from measured rates', () => {
  it('divides the traffic by the largest rate that held, into whole instances', () => {
    const found = servingCost(economics(), { baseline: tested(100), chosen: tested(250) })!;
    expect(found.baseline.fleet).toEqual({ replicas: 10, instances: 10 }); // 700 / (100 x 0.7)
    expect(found.optimized!.fleet).toEqual({ replicas: 4, instances: 4 }); // 700 / (250 x 0.7)
    expect(found.baseline.month.usdPerMonth).toBeCloseTo(7300);
    expect(found.optimized!.month.usdPerMonth).toBeCloseTo(2920);
    expect(found.returns!.p50.savingUsdPerMonth).toBeCloseTo(4380);
    expect(found.returns!.p50.paybackDays).toBeCloseTo(0.5 * (730 / 24));
    expect(found.breakEvenSpeedup).toBeCloseTo(10 / 9);
    expect(describeCost(found)).toContain('$7,300 a month: 10 c6id.2xlarge in the busiest hour');
  });

  it('carries what is between the rate that held and the one that did not into the range', () => {
    const { range } = servingCost(economics(), {
      baseline: tested(100, { exceededPerSecond: 150 }),
      chosen: tested(250, { exceededPerSecond: 400 }),
    })!;
    expect(range!.savingUsd.p10).toBeLessThan(range!.savingUsd.p90);
    expect(range!.baselineUsd.p90).toBeLessThanOrEqual(7300);
  });

  it('lets as many replicas share an instance as shared the host', () => {
    const { baseline } = servingCost(economics(), { baseline: tested(200, { replicas: 2 }) })!;
    expect(baseline).toMatchObject({ replicasPerInstance: 2, fleet: { replicas: 10, instances: 5 } });
  });

  it('scales prices so that FP32 costs what the bill says', () => {
    const { baseline, optimized } = servingCost(economics({ monthlyCost: 3650 }), {
      baseline: tested(100),
      chosen: tested(250),
    })!;
    expect(baseline.month.usdPerMonth).toBeCloseTo(3650);
    expect(optimized!.month.usdPerMonth).toBeCloseTo(1460);
  });

  it('has no figure without a rate, and says what is wrong with the others', () => {
    expect(servingCost(economics(), { baseline: tested(null) })).toBeUndefined();
    expect(servingCost(economics(), {})).toBeUndefined();
    const { notes, optimized } = servingCost(economics(), {
      baseline: tested(100, { faults: ['late'] }),
      chosen: tested(null),
    })!;
    expect(optimized).toBeNull();
    expect(notes.join()).toContain('INVALID');
    expect(notes.join()).toContain('no rate of the chosen model was shown to hold');
  });
});
