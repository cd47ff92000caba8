import { z } from 'zod';
import { flatTraffic, HOURS_PER_WEEK, type ServingPlan } from './cost.ts';
import { readAs, type SpecProblem } from './spec-problems.ts';

const LARGEST_USD_PER_HOUR = 1000;

const amount = z.number('give a plain number, without a unit or a currency sign').nonnegative('must not be negative');
const usdPerHour = amount
  .gt(0, 'give dollars per hour, above 0')
  .max(LARGEST_USD_PER_HOUR, 'give dollars per hour; this is more than any instance costs');
const usdPerMonth = amount;
const share = (example: string) =>
  z
    .number(`give a share such as ${example}`)
    .gt(0, `give a share such as ${example}`)
    .max(1, `give a share such as ${example}, not a percentage`);
const whole = z
  .number('give a whole number')
  .int('give a whole number')
  .max(1e6, 'give a whole number of at most 1,000,000');

const hourly = z
  .array(amount)
  .length(HOURS_PER_WEEK, `give one number for each of the ${HOURS_PER_WEEK} hours of a week, or one for all of them`)
  .refine(
    (rates) => rates.some((rate) => rate > 0),
    'is zero in every hour; without traffic there is nothing to serve'
  );
const flat = amount.gt(0, 'must be above 0; without traffic there is nothing to serve');

const planSchema = z
  .strictObject({
    requestsPerSecond: z.unknown().optional(),
    replicaRps: amount.gt(0, 'give the requests per second of one replica, above 0'),
    headroom: share('0.7').default(0.7),
    minimumReplicas: whole.min(0).default(1),
    spareReplicas: whole.min(0).default(0),
    replicasPerGpu: whole.min(1).default(1),
    gpusPerInstance: whole.min(1).default(1),
    prices: z.strictObject({
      onDemandUsdPerHour: usdPerHour,
      reservedUsdPerHour: usdPerHour.nullable().default(null),
      spotUsdPerHour: usdPerHour.nullable().default(null),
    }),
    burst: z.enum(['on-demand', 'spot']).default('on-demand'),
    reclaimOverhead: z
      .number()
      .min(0, 'must not be negative')
      .max(1, 'give a share such as 0.1, not a percentage')
      .default(0.1),
    extras: z.array(z.strictObject({ name: z.string().min(1), usdPerMonth })).default([]),
    tokensPerRequest: amount.gt(0, 'must be above 0').optional(),
  })
  .refine(({ burst, prices }) => burst !== 'spot' || prices.spotUsdPerHour !== null, {
    path: ['prices', 'spotUsdPerHour'],
    message: "give the spot price, or set burst to 'on-demand'",
  });

/** A plan as written, `requestsPerSecond` one number or 168; every problem is reported at once. */
export function parseServingPlan(document: unknown): { plan: ServingPlan } | { problems: SpecProblem[] } {
  const read = readAs(planSchema, document);
  const traffic = parseTraffic((document as { requestsPerSecond?: unknown } | null)?.requestsPerSecond);
  if ('problems' in traffic || 'problems' in read)
    return { problems: [traffic, read].flatMap((part) => ('problems' in part ? part.problems : [])) };
  const { requestsPerSecond: _, ...rest } = read.data;
  return { plan: { ...rest, hourlyRps: traffic.hourlyRps } };
}

/** One number, or one for each hour of the week; zero, negative, missing and unreadable hours are refused. */
export function parseTraffic(value: unknown): { hourlyRps: number[] } | { problems: SpecProblem[] } {
  const document = { requestsPerSecond: value };
  const schema = z.object({ requestsPerSecond: Array.isArray(value) ? hourly : flat });
  const read = readAs(schema, document);
  if ('problems' in read) return { problems: read.problems.map(shortened) };
  const { requestsPerSecond } = read.data;
  return { hourlyRps: typeof requestsPerSecond === 'number' ? flatTraffic(requestsPerSecond) : requestsPerSecond };
}

const shortened = (problem: SpecProblem): SpecProblem =>
  Array.isArray(problem.value) ? { ...problem, value: `${problem.value.length} numbers` } : problem;
