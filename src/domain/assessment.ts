import type { AssessmentInput } from './assessment-input.ts';
import { breakEvenSpeedup, fleetAt, type MonthlyCost, monthlyCost, rateBehindBill, type ServingPlan } from './cost.ts';
import { type CostRange, costRange, medianOf, type Return, returnsOf } from './cost-comparison.ts';
import type { Lap } from './lap.ts';
import type { ModelSize } from './large-model.ts';
import type { DatedPrice } from './prices.ts';
import { PUBLISHED_ACCURACY_LOSS, publishedSpeedup, type SourcedRange } from './published.ts';
import { type RoadmapWeek, roadmap } from './roadmap.ts';

const SEED = 1;
const LAP_NOTE =
  'speed-up and accuracy were measured in a quick lap on this host; cost, saving and payback are projected from them';
const NO_SPEEDUP = 'the measured speed-up lies within what noise makes of this host: count on none';

interface Assumption {
  name: string;
  value: string;
  /** The option of `stepdown assess` that sets it. */
  option: string;
  isGiven: boolean;
}

/** What serving costs, and what INT8 would save; only `lap`, where there is one, was measured. */
export interface Assessment {
  basis: 'projected';
  date: string;
  model: { name: string; sizeBytes: number } | null;
  price: DatedPrice;
  today: MonthlyCost;
  fleet: { replicas: number; gpus: number; instances: number };
  speedup: SourcedRange & { median: number };
  range: CostRange;
  returns: { p10: Return; p50: Return; p90: Return };
  feeUsd: number | null;
  breakEvenSpeedup: number | null;
  accuracyLossPoints: SourcedRange;
  lap: Lap | null;
  sizes: ModelSize[] | null;
  assumptions: Assumption[];
  notes: string[];
  roadmap: RoadmapWeek[];
}

/** Today's fleet from traffic and bill, and the range that the speed-up makes of it. */
export function assess(context: {
  input: AssessmentInput;
  given: ReadonlySet<string>;
  price: DatedPrice;
  now: Date;
  model: Assessment['model'];
  lap: Lap | null;
  sizes: ModelSize[] | null;
}): Assessment {
  const { input, price, now, lap } = context;
  const plan = planBehind(input);
  const speedup: SourcedRange = input.speedup
    ? { lower: input.speedup[0], upper: input.speedup[1], basis: 'assumed', source: 'given with --speedup' }
    : (lap?.speedup ?? publishedSpeedup(price));
  const today = monthlyCost(plan);
  const range = costRange({
    baseline: { plan, rate: { samples: [plan.replicaRps] } },
    candidate: { plan, speedup },
    seed: SEED,
  });
  const breakEven = breakEvenSpeedup(plan);
  return {
    basis: 'projected',
    date: now.toISOString().slice(0, 10),
    model: context.model,
    price,
    today,
    fleet: fleetAt(plan, Math.max(...plan.hourlyRps)),
    speedup: { ...speedup, median: medianOf(speedup) },
    range,
    returns: returnsOf({ baselineUsd: today.usdPerMonth, range, feeUsd: input.fee ?? 0 }),
    feeUsd: input.fee ?? null,
    breakEvenSpeedup: breakEven,
    accuracyLossPoints: lap?.accuracyLossPoints ?? PUBLISHED_ACCURACY_LOSS,
    lap,
    sizes: context.sizes,
    assumptions: assumptionsOf(plan, { ...context, speedup }),
    notes: notesOf({
      breakEven,
      range,
      hasFee: input.fee !== undefined,
      lap,
      assumed: context.given.has('--hardware') ? null : price,
    }),
    roadmap: roadmap(now),
  };
}

/** The replica rate that the bill implies, and prices scaled so that the month costs what the bill says. */
export function planBehind({ plan, isRateKnown, monthlyCost: bill }: AssessmentInput): ServingPlan {
  if (bill === undefined) return plan;
  const sized = isRateKnown ? plan : { ...plan, replicaRps: rateBehindBill(plan, bill) };
  const extras = plan.extras.reduce((total, line) => total + line.usdPerMonth, 0);
  const discount = (bill - extras) / (monthlyCost(sized).usdPerMonth - extras);
  const scaled = (usd: number | null) => (usd === null ? null : usd * discount);
  const { onDemandUsdPerHour, reservedUsdPerHour, spotUsdPerHour } = plan.prices;
  return {
    ...sized,
    prices: {
      onDemandUsdPerHour: onDemandUsdPerHour * discount,
      reservedUsdPerHour: scaled(reservedUsdPerHour),
      spotUsdPerHour: scaled(spotUsdPerHour),
    },
  };
}

function assumptionsOf(
  plan: ServingPlan,
  {
    price,
    given,
    speedup,
    input,
  }: { price: DatedPrice; given: ReadonlySet<string>; speedup: SourcedRange; input: AssessmentInput }
): Assumption[] {
  const figure = (value: number) => String(Number(value.toPrecision(4)));
  const isFlat = plan.hourlyRps.every((rps) => rps === plan.hourlyRps[0]);
  const least = Math.min(...plan.hourlyRps);
  const most = Math.max(...plan.hourlyRps);
  const rateSource = input.isRateKnown ? '' : ': the slowest with which today’s fleet carries the traffic';
  const priceSource =
    input.monthlyCost === undefined ? 'list price' : `from the bill; list price $${price.onDemandUsdPerHour}`;
  const rows: [string, string, string][] = [
    [
      'traffic',
      isFlat ? `${figure(most)} requests/s in every hour` : `${figure(least)} to ${figure(most)} requests/s`,
      '--traffic',
    ],
    ['hardware', `${price.instance} (${price.provider}, ${price.region})`, '--hardware'],
    ['price of an instance-hour', `$${figure(plan.prices.onDemandUsdPerHour)} (${priceSource})`, '--monthly-cost'],
    ['what one replica sustains', `${figure(plan.replicaRps)} requests/s${rateSource}`, '--rate'],
    ['share of it used in production', figure(plan.headroom), '--headroom'],
    ['replicas on one GPU or machine', String(plan.replicasPerGpu), '--replicas-per-gpu'],
    ['replicas at least', String(plan.minimumReplicas), '--minimum-replicas'],
    ['spare replicas', String(plan.spareReplicas), '--spare-replicas'],
    ['base instances', plan.prices.reservedUsdPerHour === null ? 'on demand' : 'reserved', '--reserved'],
    ['instances above the base', plan.burst === 'spot' ? 'spot' : 'on demand', '--spot'],
    ['share of spot hours paid twice', figure(plan.reclaimOverhead), '--reclaim-overhead'],
    [
      'other monthly cost',
      plan.extras.map((line) => `${line.name} $${line.usdPerMonth}`).join(', ') || 'none',
      '--extra',
    ],
    [
      'speed-up of INT8 over FP32',
      `${figure(speedup.lower)} to ${figure(speedup.upper)} (95 % log-normal)`,
      '--speedup',
    ],
  ];
  return rows.map(([name, value, option]) => ({ name, value, option, isGiven: given.has(option) }));
}

function notesOf({
  breakEven,
  range,
  hasFee,
  lap,
  assumed,
}: {
  breakEven: number | null;
  range: CostRange;
  hasFee: boolean;
  lap: Lap | null;
  /** An instance type that nobody named. */
  assumed: DatedPrice | null;
}): string[] {
  const share = Math.round(100 * range.noSavingShare);
  const size =
    breakEven === null
      ? ['no speed-up removes an instance: the fleet is at its minimum already; only a cheaper instance would save']
      : [`the first instance disappears at ${breakEven.toFixed(2)} times the rate of today`];
  return [
    lap ? LAP_NOTE : 'projected, not measured: the model was not run',
    ...(assumed
      ? [
          `no --hardware was given: ${assumed.instance} at $${assumed.onDemandUsdPerHour} an hour is assumed; ` +
            'name the instance type that serves today',
        ]
      : []),
    ...(lap && lap.speedup.lower <= Math.max(1, lap.noise[1]) ? [NO_SPEEDUP] : []),
    ...size,
    ...(breakEven !== null && share > 0 ? [`in ${share} of 100 draws nothing is saved`] : []),
    ...(hasFee ? [] : ['no fee was given, so there is no payback; give it with --fee']),
  ];
}
