import { planBehind } from './assessment.ts';
import type { AssessmentInput } from './assessment-input.ts';
import { breakEvenSpeedup, fleetAt, type MonthlyCost, monthlyCost, type ServingPlan } from './cost.ts';
import {
  type CostDraw,
  type CostRange,
  type CostSides,
  costDraws,
  costRange,
  type Quantiles,
  type Return,
  rangeOf,
  returnsOf,
} from './cost-comparison.ts';
import type { LoadTest } from './load/load-test.ts';
import type { DatedPrice } from './prices.ts';
import { publishedSpeedup } from './published.ts';

const SEED = 1;

/** Traffic, prices and fee as they were at kick-off; the rate in the plan is filled in once it is measured. */
export interface Economics {
  input: AssessmentInput;
  price: DatedPrice;
}

export interface SideCost {
  /** Requests per second of one replica: the largest that was shown to hold, and the smallest shown not to. */
  rate: { lower: number; upper: number };
  replicasPerInstance: number;
  /** Replicas and instances in the busiest hour. */
  fleet: { replicas: number; instances: number };
  month: MonthlyCost;
}

/** What serving costs before and after; rates are measured on this host, their carrying over to the instance is not. */
export interface ServingCost {
  price: DatedPrice;
  baseline: SideCost;
  optimized: SideCost | null;
  range: CostRange | null;
  returns: { p10: Return; p50: Return; p90: Return } | null;
  feeUsd: number | null;
  /** Of the rate; null where no instance would disappear at any. */
  breakEvenSpeedup: number | null;
  /** Why the figures are to be read with care. */
  notes: string[];
}

interface LoadTests {
  baseline?: LoadTest | undefined;
  chosen?: LoadTest | undefined;
}

/** Undefined when the baseline held no rate: there is nothing to divide the traffic by. */
export function servingCost(economics: Economics, { baseline, chosen }: LoadTests): ServingCost | undefined {
  if (!baseline?.ratePerSecond) return undefined;
  const { input, price } = economics;
  const before = planBefore(input, baseline);
  const after = chosen?.ratePerSecond ? planFor(before, chosen) : undefined;
  const today = sideOf(before, baseline);
  const sides = sidesOf(economics, { baseline, chosen });
  const range = sides && costRange({ ...sides, seed: SEED });
  const feeUsd = input.fee ?? null;
  return {
    price,
    baseline: today,
    optimized: after ? sideOf(after, chosen!) : null,
    range: range ?? null,
    returns: range ? returnsOf({ baselineUsd: today.month.usdPerMonth, range, feeUsd: feeUsd ?? 0 }) : null,
    feeUsd,
    breakEvenSpeedup: breakEvenSpeedup(before),
    notes: notesOf({ baseline, chosen, price, range }),
  };
}

/** One line for people. */
export function describeCost({ price, baseline, returns, feeUsd }: ServingCost): string {
  const { month, fleet } = baseline;
  const dollars = (usd: number) => `$${Math.round(usd).toLocaleString('en-US')}`;
  const today =
    `Serving costs ${dollars(month.usdPerMonth)} a month: ${fleet.instances} ${price.instance} in the busiest hour, ` +
    `$${month.usdPerThousandRequests.toPrecision(3)} per 1,000 requests (projected from the measured rate)`;
  if (!returns) return today;
  const { p10, p50, p90 } = returns;
  const saved = `; saved would be ${[p10, p50, p90].map((at) => dollars(at.savingUsdPerMonth)).join(' / ')} (P10/P50/P90)`;
  const paid =
    p50.paybackDays === null
      ? ', which never pays the fee back'
      : `, fee paid back in ${Math.round(p50.paybackDays)} days`;
  return today + saved + (feeUsd === null ? '' : paid);
}

const planBefore = (input: AssessmentInput, baseline: LoadTest): ServingPlan =>
  planBehind({ ...input, plan: planFor(input.plan, baseline), isRateKnown: true });

/** Undefined unless a rate held on both sides. */
function sidesOf({ input }: Economics, { baseline, chosen }: LoadTests): CostSides | undefined {
  if (!baseline?.ratePerSecond || !chosen?.ratePerSecond) return undefined;
  const before = planBefore(input, baseline);
  return {
    baseline: { plan: before, rate: intervalOf(baseline) },
    candidate: { plan: planFor(before, chosen), rate: intervalOf(chosen) },
  };
}

/** Cost and saving of several models together: rates are measured apart, so their errors are drawn apart. */
export function totalRange(models: { economics: Economics; loadTests: LoadTests }[]): CostRange | null {
  const draws = models.flatMap(({ economics, loadTests }, i) => {
    const sides = sidesOf(economics, loadTests);
    return sides ? [costDraws(sides, SEED + i)] : [];
  });
  const [first, ...others] = draws;
  if (!first) return null;
  const sum = (index: number, side: keyof CostDraw) =>
    others.reduce((total, each) => total + each[index]![side], first[index]![side]);
  return rangeOf(first.map((_, i) => ({ before: sum(i, 'before'), after: sum(i, 'after') })));
}

/** What INT8 would save by published speed-ups, from the bill alone; null where none was given. */
export function projectedSaving({ input, price }: Economics): Quantiles | null {
  if (input.monthlyCost === undefined) return null;
  const plan = planBehind({ ...input, isRateKnown: false });
  const baseline = { plan, rate: { samples: [plan.replicaRps] } };
  const candidate = { plan, speedup: publishedSpeedup(price) };
  return costRange({ baseline, candidate, seed: SEED }).savingUsd;
}

/** As many replicas share an instance as shared the host of the load test. */
function planFor(plan: ServingPlan, test: LoadTest): ServingPlan {
  return { ...plan, replicaRps: intervalOf(test).lower, replicasPerGpu: test.replicas };
}

function sideOf(plan: ServingPlan, test: LoadTest): SideCost {
  const { replicas, instances } = fleetAt(plan, Math.max(...plan.hourlyRps));
  return {
    rate: intervalOf(test),
    replicasPerInstance: test.replicas,
    fleet: { replicas, instances },
    month: monthlyCost(plan),
  };
}

function intervalOf({ ratePerSecond, exceededPerSecond, replicas }: LoadTest): { lower: number; upper: number } {
  const lower = ratePerSecond! / replicas;
  return { lower, upper: Math.max(lower, (exceededPerSecond ?? ratePerSecond!) / replicas) };
}

function notesOf(input: {
  baseline: LoadTest;
  chosen: LoadTest | undefined;
  price: DatedPrice;
  range: CostRange | undefined;
}): string[] {
  const { baseline, chosen, price, range } = input;
  const { cpuModel, cores } = baseline.host;
  const faulty = [baseline, ...(chosen ? [chosen] : [])].some(({ faults }) => faults.length > 0);
  const share = range ? Math.round(100 * range.noSavingShare) : 0;
  return [
    `the rates were measured on ${cpuModel}, ${cores} cores; that ${price.instance} carries the same is projected`,
    ...(faulty ? ['a load test behind these figures is INVALID, and so are they'] : []),
    ...(chosen && chosen.ratePerSecond === null ? ['no rate of the chosen model was shown to hold'] : []),
    ...(share > 0 ? [`in ${share} of 100 draws nothing is saved`] : []),
  ];
}
