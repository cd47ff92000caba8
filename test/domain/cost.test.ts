import { describe, expect, it } from 'vitest';
import {
  breakEvenSpeedup,
  flatTraffic,
  fleetAt,
  monthlyCost,
  rateBehindBill,
  type ServingPlan,
} from '../../src/domain/cost.ts';
import { costRange, medianOf, returnOf } from '../../src/domain/cost-comparison.ts';
import { parseServingPlan, parseTraffic } from '../../src/domain/cost-input.ts';
import golden from '../golden/golden.json' with { type: 'json' };

const PLAN: ServingPlan = {
  hourlyRps: flatTraffic(100),
  replicaRps: 12,
  headroom: 0.7,
  minimumReplicas: 1,
  spareReplicas: 0,
  replicasPerGpu: 1,
  gpusPerInstance: 1,
  prices: { onDemandUsdPerHour: 3.2, reservedUsdPerHour: null, spotUsdPerHour: null },
  burst: 'on-demand',
  reclaimOverhead: 0.1,
  extras: [],
};
/** 84 hours of the week with one rate, 84 with another. */
const halves = (day: number, night: number) => [...flatTraffic(day).slice(84), ...flatTraffic(night).slice(84)];

describe('replicas', () => {
  it.each(golden.replicas.rows)('are $replicas on $instances instances for $peakQps at $qpsPerReplica', (row) => {
    const { peakQps, qpsPerReplica, replicas, gpus, instances, ...shape } = row;
    expect(fleetAt({ ...PLAN, ...shape, replicaRps: qpsPerReplica }, peakQps)).toEqual({ replicas, gpus, instances });
  });

  it('are not one more because of a rounding error', () => {
    expect(fleetAt({ ...PLAN, replicaRps: 1 }, 2.1).replicas).toBe(3);
  });
});

describe('the monthly cost', () => {
  const costs = golden.serving_cost.rows.map(({ pricePerHour, hours }) =>
    monthlyCost({
      ...PLAN,
      hourlyRps: halves(1, hours === 730 ? 1 : 0),
      minimumReplicas: 0,
      prices: { ...PLAN.prices, onDemandUsdPerHour: pricePerHour },
    })
  );

  it.each(golden.serving_cost.rows.map((row, i) => ({ ...row, i })))(
    'is $monthly for $configuration, $hours h',
    ({ monthly, hours, i }) => {
      expect(costs[i]!.usdPerMonth).toBeCloseTo(monthly, 9);
      expect(costs[i]!.instances.hoursPerMonth).toBeCloseTo(hours, 9);
    }
  );

  it('saves what the published table says', () => {
    const [fp32, , int8, int4] = costs.map(({ usdPerMonth }) => usdPerMonth);
    const { savings } = golden.serving_cost;
    const int8Return = returnOf({ baselineUsd: fp32!, candidateUsd: int8!, feeUsd: 0 });
    expect(int8Return.savingUsdPerMonth).toBeCloseTo(savings.int8PerMonth, 9);
    expect(int8Return.savingFraction).toBeCloseTo(savings.int8Fraction, 12);
    expect(fp32! - int4!).toBeCloseTo(savings.int4PerMonth, 9);
  });

  it('buys the base reserved and the rest as spot, with what is reclaimed paid twice', () => {
    const prices = { onDemandUsdPerHour: 3, reservedUsdPerHour: 2, spotUsdPerHour: 1 };
    const plan = { ...PLAN, hourlyRps: halves(84, 8.4), prices, burst: 'spot' as const };
    const { lines, instances, usdPerMonth } = monthlyCost(plan);
    expect(instances).toMatchObject({ least: 1, most: 10 });
    expect(lines.map(({ name }) => name)).toEqual(['reserved', 'spot']);
    expect(usdPerMonth).toBeCloseTo(2 * 730 + (9 * 1.1 * 730) / 2, 6);
    expect(monthlyCost({ ...plan, burst: 'on-demand' }).usdPerMonth).toBeCloseTo(2 * 730 + (9 * 3 * 730) / 2, 6);
  });

  it('adds typed lines, and gives utilisation, cost per thousand requests and per million tokens', () => {
    const cost = monthlyCost({ ...PLAN, extras: [{ name: 'egress', usdPerMonth: 100 }], tokensPerRequest: 500 });
    expect(cost.usdPerMonth).toBeCloseTo(12 * 3.2 * 730 + 100, 6);
    expect(cost.utilization).toBeCloseTo(100 / (12 * 12), 12);
    expect(cost.usdPerThousandRequests).toBeCloseTo((cost.usdPerMonth / (100 * 3600 * 730)) * 1000, 12);
    expect(cost.usdPerMillionTokens).toBeCloseTo(cost.usdPerThousandRequests * 2, 12);
  });

  it('keeps spare replicas in every hour', () => {
    expect(fleetAt({ ...PLAN, spareReplicas: 2 }, 100)).toEqual({ replicas: 14, gpus: 14, instances: 14 });
  });

  it.each([1, 3, 12])('of %d instances leads back to the rate that needs as many', (instances) => {
    const rate = rateBehindBill(PLAN, instances * 3.2 * 730 * 1.03);
    expect(rate * 0.7 * instances).toBeCloseTo(100, 6);
  });
});

describe('the return', () => {
  it('of the published case is 9,000 a month, 76 %, and 18 days', () => {
    const found = returnOf({ baselineUsd: 11_840, candidateUsd: 2_840, feeUsd: 5_400 });
    expect(found.savingUsdPerMonth).toBe(9_000);
    expect(Math.round(100 * found.savingFraction)).toBe(76);
    expect(found.paybackDays).toBeCloseTo(18.25, 9);
    expect(found.return12Months).toBe(19);
  });

  it('never comes when nothing is saved', () => {
    expect(returnOf({ baselineUsd: 100, candidateUsd: 100, feeUsd: 50 })).toMatchObject({
      paybackDays: null,
      return12Months: -1,
    });
  });
});

describe('the break-even speed-up', () => {
  it.each([
    [PLAN, 100 / (12 * 0.7 * 11)],
    [{ ...PLAN, hourlyRps: flatTraffic(1) }, null],
    [{ ...PLAN, replicaRps: 45, replicasPerGpu: 2 }, 100 / (45 * 0.7 * 2)],
    [{ ...PLAN, minimumReplicas: 12 }, null],
  ])('of case %# is %d', (plan, expected) => {
    const speedup = breakEvenSpeedup(plan);
    if (expected === null) return expect(speedup).toBeNull();
    expect(speedup).toBeCloseTo(expected, 12);
    const at = (factor: number) => monthlyCost({ ...plan, replicaRps: plan.replicaRps * factor }).instances.most;
    expect(at(speedup!)).toBe(at(1) - 1);
    expect(at(speedup! * 0.999)).toBe(at(1));
  });
});

describe('the range of the saving', () => {
  const range = (speedup: { lower: number; upper: number }, rps = 100) =>
    costRange({
      baseline: { plan: { ...PLAN, hourlyRps: flatTraffic(rps) }, rate: { samples: [12] } },
      candidate: { plan: { ...PLAN, hourlyRps: flatTraffic(rps) }, speedup },
      seed: 1,
    });

  it('is the same for the same seed and goes through whole instances', () => {
    const found = range({ lower: 1.5, upper: 3 });
    expect(range({ lower: 1.5, upper: 3 })).toEqual(found);
    expect(found.savingUsd.p10).toBeLessThan(found.savingUsd.p90);
    expect((found.savingUsd.p50 / (3.2 * 730)) % 1).toBeCloseTo(0, 6);
    expect(found.baselineUsd.p10).toBe(found.baselineUsd.p90);
  });

  it('has its median at the middle of the interval and its 80 % where a log-normal has them', () => {
    // exp(mu + z sigma) at z = -1.2816: 2 x 1.5^(-1.2816/1.96) = 1.53 times 12 rps need ceil(100 / 12.88) = 8 instances
    const found = range({ lower: 2 / 1.5, upper: 3 });
    expect(medianOf({ lower: 2 / 1.5, upper: 3 })).toBeCloseTo(2, 12);
    const instances = Object.values(found.candidateUsd).map((usd) => Math.round(usd / (3.2 * 730)));
    expect(instances).toEqual([5, 6, 8]);
  });

  it('is nothing for one replica, however fast', () => {
    expect(range({ lower: 1.5, upper: 3 }, 1)).toMatchObject({
      savingUsd: { p10: 0, p50: 0, p90: 0 },
      noSavingShare: 1,
    });
  });
});

describe('the input of the cost model', () => {
  const written = { requestsPerSecond: 100, replicaRps: 12, prices: { onDemandUsdPerHour: 3.2 } };

  it('fills in what is not given', () => {
    expect(parseServingPlan(written)).toEqual({ plan: PLAN });
  });

  it.each<[string, unknown, string]>([
    ['requestsPerSecond', 0, 'without traffic'],
    ['requestsPerSecond', flatTraffic(0), 'zero in every hour'],
    ['requestsPerSecond', flatTraffic(1).slice(1), '168 hours'],
    ['requestsPerSecond', '100/min', 'without a unit'],
    ['requestsPerSecond', undefined, 'is missing'],
    ['replicaRps', -1, 'negative'],
    ['headroom', 70, 'not a percentage'],
    ['prices', { onDemandUsdPerHour: -3.2 }, 'negative'],
    ['prices', { onDemandUsdPerHour: '$3.20' }, 'without a unit'],
    ['prices', { onDemandUsdPerHour: 2336 }, 'per hour'],
    ['prices', { usdPerMonth: 2336 }, 'not a known key'],
    ['burst', 'spot', 'spot price'],
    ['replicasPerGpu', 1.5, 'whole'],
    ['reclaimOverhead', 15, 'not a percentage'],
  ])('refuses %s, case %#', (field, value, message) => {
    const parsed = parseServingPlan({ ...written, [field]: value });
    if (!('problems' in parsed)) throw new Error('was accepted');
    expect(parsed.problems.map((problem) => problem.message).join()).toContain(message);
    expect(parsed.problems.every((problem) => problem.path !== '(the document)')).toBe(true);
  });

  it('names the hour that is missing and all problems at once', () => {
    const hours: unknown[] = flatTraffic(1);
    hours[17] = null;
    const traffic = parseTraffic(hours);
    expect(traffic).toMatchObject({ problems: [{ path: 'requestsPerSecond.17', value: null }] });
    const parsed = parseServingPlan({ requestsPerSecond: 0, replicaRps: 0, headroom: 2, prices: {} });
    expect('problems' in parsed && parsed.problems.map(({ path }) => path)).toEqual([
      'requestsPerSecond',
      'replicaRps',
      'headroom',
      'prices.onDemandUsdPerHour',
    ]);
  });
});
