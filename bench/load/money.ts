import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { flatTraffic, HOURS_PER_MONTH, monthlyCost } from '../../src/domain/cost.ts';
import { returnOf } from '../../src/domain/cost-comparison.ts';
import { parseServingPlan } from '../../src/domain/cost-input.ts';
import { assessGiven } from '../../src/domain/given-case.ts';
import { weightBytes } from '../../src/domain/large-model.ts';
import golden from '../../test/golden/golden.json' with { type: 'json' };
import type { Figure } from '../figure.ts';

const CASE = new URL('../../examples/published-case/assessment.yaml', import.meta.url);
const PLAN = { requestsPerSecond: 1, replicaRps: 12, minimumReplicas: 0, prices: { onDemandUsdPerHour: 3.2 } };

/** Measured, published. */
type Pair = [number, number];

/** The published price table and the published case, figure by figure, and inputs that have to be refused. */
export async function moneyFigures(): Promise<Figure[]> {
  const table = tablePairs();
  const published = casePairs();
  const accepted = REFUSED.filter(([field, change]) => !refusedFields(change).includes(field));
  const differ = (pairs: Pair[]) => pairs.filter(([ours, theirs]) => Math.abs(ours - theirs) > 1e-6 * theirs).length;
  const figure = (name: string, value: number) => ({ name, value, unit: '', goal: 0, peer: null });
  return [
    figure(`published price table: figures of ${table.length} that differ`, differ(table)),
    figure(`published case: figures of ${published.length} that differ`, differ(published)),
    figure(`cost input: bad fields of ${REFUSED.length} that are not refused by name`, accepted.length),
  ];
}

function tablePairs(): Pair[] {
  const { rows, savings } = golden.serving_cost;
  const costs = rows.map(({ pricePerHour, hours }) => {
    const busy = (168 * hours) / HOURS_PER_MONTH;
    const hourly = flatTraffic(1).map((rate, hour) => (hour < busy ? rate : 0));
    const parsed = parseServingPlan({
      ...PLAN,
      requestsPerSecond: hourly,
      prices: { onDemandUsdPerHour: pricePerHour },
    });
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
    return monthlyCost(parsed.plan).usdPerMonth;
  });
  const [fp32, , int8, int4] = costs as [number, number, number, number];
  const { savingUsdPerMonth, savingFraction } = returnOf({ baselineUsd: fp32, candidateUsd: int8, feeUsd: 0 });
  return [
    ...rows.map(({ monthly }, i): Pair => [costs[i]!, monthly]),
    [savingUsdPerMonth, savings.int8PerMonth],
    [savingFraction, savings.int8Fraction],
    [fp32 - int4, savings.int4PerMonth],
  ];
}

function casePairs(): Pair[] {
  const given = assessGiven(parse(readFileSync(CASE, 'utf8')));
  if ('problems' in given) throw new Error(JSON.stringify(given.problems));
  const { figures, return: saved } = given.assessment;
  const published: Pair[] = [
    [28, 7],
    [12, 45],
    [240, 89],
    [11_840, 2_840],
  ];
  const sides = published.flatMap(([before, after]): Pair[] => {
    const found = figures.find(({ baseline, candidate }) => baseline === before && candidate === after);
    return [
      [found?.baseline ?? Number.NaN, before],
      [found?.candidate ?? Number.NaN, after],
    ];
  });
  const gigabytes = { fp32: 28, fp16: 14, int8: 7, int4: 3.5 } as const;
  const sizes = Object.entries(gigabytes).map(
    ([precision, size]): Pair => [weightBytes({ parameters: 7e9 }, precision as keyof typeof gigabytes) / 1e9, size]
  );
  return [
    ...sides,
    ...sizes,
    [Math.round(100 * saved.savingFraction), 76],
    [Math.round(saved.paybackDays ?? Number.NaN), 18],
  ];
}

/** The field that has to be named, and what is wrong. */
const REFUSED: [string, object][] = [
  ['prices.onDemandUsdPerHour', { prices: { onDemandUsdPerHour: '$3.20' } }],
  ['prices.onDemandUsdPerHour', { prices: { onDemandUsdPerHour: -3.2 } }],
  ['prices.onDemandUsdPerHour', { prices: { onDemandUsdPerHour: 2_336 } }],
  ['headroom', { headroom: 70 }],
  ['replicaRps', { replicaRps: '45/s' }],
  ['requestsPerSecond', { requestsPerSecond: 0 }],
  ['requestsPerSecond', { requestsPerSecond: flatTraffic(0) }],
  ['requestsPerSecond', { requestsPerSecond: flatTraffic(1).slice(1) }],
  ['requestsPerSecond', { requestsPerSecond: undefined }],
];

function refusedFields(change: object): string[] {
  const parsed = parseServingPlan({ ...PLAN, ...change });
  return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : [];
}
