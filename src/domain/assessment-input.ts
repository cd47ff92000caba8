import { z } from 'zod';
import type { ServingPlan } from './cost.ts';
import { parseServingPlan } from './cost-input.ts';
import type { PriceRow } from './prices.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';

/** As the user gave it; whatever is left out is assumed, and listed. */
export interface AssessmentRequest {
  /** Requests per second: one number, or 168. */
  traffic: unknown;
  monthlyCost?: unknown;
  rate?: unknown;
  fee?: unknown;
  headroom?: unknown;
  replicasPerGpu?: unknown;
  minimumReplicas?: unknown;
  spareReplicas?: unknown;
  speedup?: unknown;
  extras?: unknown;
  tokensPerRequest?: unknown;
  reclaimOverhead?: unknown;
  reserved?: boolean | undefined;
  spot?: boolean | undefined;
}

export interface AssessmentInput {
  plan: ServingPlan;
  isRateKnown: boolean;
  monthlyCost: number | undefined;
  fee: number | undefined;
  speedup: [number, number] | undefined;
}

const dollars = z.number('give dollars as a plain number, without a currency sign').gt(0, 'must be above 0');
const factor = z.number('give two numbers such as 1.5,3').gt(0, 'must be above 0');

const moneySchema = z
  .object({
    monthlyCost: dollars.optional(),
    rate: z.unknown().optional(),
    fee: dollars.optional(),
    speedup: z
      .tuple([factor, factor], 'give two numbers such as 1.5,3')
      .refine(([lower, upper]) => lower <= upper, 'give the lower end first, such as 1.5,3')
      .optional(),
  })
  .refine(({ monthlyCost, rate }) => monthlyCost !== undefined || rate !== undefined, {
    path: ['monthlyCost'],
    message: 'give what serving costs a month, or what one replica sustains',
  });

/** What the plan calls otherwise than the request. */
const REQUESTED: Record<string, string> = { requestsPerSecond: 'traffic', replicaRps: 'rate' };

/** Every problem at once, each by the field of the request that has it. */
export function parseAssessment(
  request: AssessmentRequest,
  price: PriceRow
): { input: AssessmentInput } | { problems: SpecProblem[] } {
  const money = readAs(moneySchema, request);
  const parsed = parseServingPlan(planDocument(request, price));
  const unpriced = priceProblems(request, price);
  if ('problems' in money || 'problems' in parsed || unpriced.length > 0) {
    const problems = [
      ...unpriced,
      ...('problems' in parsed ? parsed.problems : []),
      ...('problems' in money ? money.problems : []),
    ];
    return { problems: problems.map(byRequest) };
  }
  const { monthlyCost, fee, speedup } = money.data;
  const extras = parsed.plan.extras.reduce((total, line) => total + line.usdPerMonth, 0);
  if (monthlyCost !== undefined && monthlyCost <= extras)
    return {
      problems: [{ path: 'monthlyCost', value: monthlyCost, message: `must be above the ${extras} of the extras` }],
    };
  return { input: { plan: parsed.plan, isRateKnown: request.rate !== undefined, monthlyCost, fee, speedup } };
}

function priceProblems({ reserved, spot }: AssessmentRequest, price: PriceRow): SpecProblem[] {
  const message = `the price list has none for ${price.instance}; give another price list, or leave it out`;
  return [
    ...(reserved && price.reservedUsdPerHour === null ? [{ path: 'reserved', message }] : []),
    ...(spot && price.spotUsdPerHour === null ? [{ path: 'spot', message }] : []),
  ];
}

function planDocument(request: AssessmentRequest, price: PriceRow): unknown {
  const { onDemandUsdPerHour, reservedUsdPerHour, spotUsdPerHour } = price;
  const given = {
    headroom: request.headroom,
    minimumReplicas: request.minimumReplicas,
    spareReplicas: request.spareReplicas,
    replicasPerGpu: request.replicasPerGpu,
    reclaimOverhead: request.reclaimOverhead,
    extras: request.extras,
    tokensPerRequest: request.tokensPerRequest,
  };
  return {
    requestsPerSecond: request.traffic,
    replicaRps: request.rate ?? 1, // found from the bill when the rate is not given
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    gpusPerInstance: Math.max(1, price.gpuCount),
    prices: { onDemandUsdPerHour, reservedUsdPerHour: request.reserved ? reservedUsdPerHour : null, spotUsdPerHour },
    burst: request.spot && spotUsdPerHour !== null ? 'spot' : 'on-demand',
  };
}

function byRequest({ path, ...problem }: SpecProblem): SpecProblem {
  const [field, ...rest] = path.split('.');
  return { path: [REQUESTED[field!] ?? field, ...rest].join('.'), ...problem };
}
