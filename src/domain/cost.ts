/** A month has 730 hours, which is 8,760 / 12, or 30.4167 days. */
export const HOURS_PER_MONTH = 730;
export const HOURS_PER_WEEK = 168;
const WEEKS_PER_MONTH = HOURS_PER_MONTH / HOURS_PER_WEEK;

interface InstancePrices {
  onDemandUsdPerHour: number;
  /** For the instances that run in every hour of the week; null: they are on demand too. */
  reservedUsdPerHour: number | null;
  spotUsdPerHour: number | null;
}

export interface ServingPlan {
  /** Requests per second in each of the 168 hours of a week. */
  hourlyRps: number[];
  /** What one replica sustains at the service level. */
  replicaRps: number;
  /** Share of `replicaRps` that production uses. */
  headroom: number;
  /** 0 scales to zero in an hour without requests. */
  minimumReplicas: number;
  spareReplicas: number;
  replicasPerGpu: number;
  /** 1 on a machine without GPUs, whose replicas are then `replicasPerGpu`. */
  gpusPerInstance: number;
  prices: InstancePrices;
  /** How the instances above the reserved ones are bought. */
  burst: 'on-demand' | 'spot';
  /** Share of spot hours paid for twice because the instance was taken away. */
  reclaimOverhead: number;
  /** Storage, egress, load balancer. */
  extras: { name: string; usdPerMonth: number }[];
  tokensPerRequest?: number | undefined;
}

export interface MonthlyCost {
  usdPerMonth: number;
  /** By line: reserved, the burst, and each extra. */
  lines: { name: string; usdPerMonth: number }[];
  instances: { least: number; most: number; hoursPerMonth: number };
  /** Requests over what the running replicas could have answered. */
  utilization: number;
  usdPerThousandRequests: number;
  usdPerMillionTokens: number | null;
}

export interface Fleet {
  replicas: number;
  gpus: number;
  instances: number;
}

/** What runs in an hour with `rps` requests per second: whole replicas, ceil(Q / (C rho)), GPUs and instances. */
export function fleetAt(plan: ServingPlan, rps: number): Fleet {
  const needed = wholeUp(rps / (plan.replicaRps * plan.headroom));
  const count = Math.max(plan.minimumReplicas, needed) + plan.spareReplicas;
  const gpus = Math.ceil(count / plan.replicasPerGpu);
  return { replicas: count, gpus, instances: Math.ceil(gpus / plan.gpusPerInstance) };
}

/** One number for every hour of the week. */
export const flatTraffic = (rps: number): number[] => new Array<number>(HOURS_PER_WEEK).fill(rps);

/** The least number of instances of the week at the reserved price, the rest as bought; `parseServingPlan` checks. */
export function monthlyCost(plan: ServingPlan): MonthlyCost {
  const fleets = fleetsOf(plan);
  const counts = fleets.map(({ instances }) => instances);
  const least = Math.min(...counts);
  const total = sum(counts);
  const lines = [...hardwareLines(plan, least, total), ...plan.extras];
  const usdPerMonth = sum(lines.map((line) => line.usdPerMonth));
  const requests = sum(plan.hourlyRps) * 3600 * WEEKS_PER_MONTH;
  const perRequest = usdPerMonth / requests;
  const { tokensPerRequest } = plan;
  return {
    usdPerMonth,
    lines,
    instances: { least, most: Math.max(...counts), hoursPerMonth: total * WEEKS_PER_MONTH },
    utilization: sum(plan.hourlyRps) / (sum(fleets.map((fleet) => fleet.replicas)) * plan.replicaRps),
    usdPerThousandRequests: perRequest * 1e3,
    usdPerMillionTokens: tokensPerRequest === undefined ? null : (perRequest / tokensPerRequest) * 1e6,
  };
}

/**
 * The smallest speed-up at which one instance disappears in some hour; null when none ever does, as with one replica
 * at a minimum of one.
 */
export function breakEvenSpeedup(plan: ServingPlan): number | null {
  const speedups = plan.hourlyRps.flatMap((rps) => {
    const { instances } = fleetAt(plan, rps);
    const room = (instances - 1) * plan.gpusPerInstance * plan.replicasPerGpu - plan.spareReplicas;
    if (room < Math.max(plan.minimumReplicas, 1)) return [];
    return [rps / (plan.replicaRps * plan.headroom * room)];
  });
  return speedups.length === 0 ? null : Math.min(...speedups);
}

/** The slowest replica rate whose cost comes within half an instance-month of the bill, or as near as one can. */
export function rateBehindBill(plan: ServingPlan, usdPerMonth: number): number {
  const costAt = (replicaRps: number) => monthlyCost({ ...plan, replicaRps }).usdPerMonth;
  let slow = Math.min(...plan.hourlyRps.filter((rps) => rps > 0)) / (1e7 * plan.headroom);
  let fast = Math.max(...plan.hourlyRps) / plan.headroom;
  const halfInstance = (plan.prices.onDemandUsdPerHour * HOURS_PER_MONTH) / 2;
  const target = Math.max(usdPerMonth + halfInstance, costAt(fast));
  for (let step = 0; step < 80; step++) {
    const middle = Math.sqrt(slow * fast);
    if (costAt(middle) <= target) fast = middle;
    else slow = middle;
  }
  return fast;
}

function hardwareLines({ prices, burst, reclaimOverhead }: ServingPlan, least: number, total: number) {
  const { onDemandUsdPerHour, reservedUsdPerHour, spotUsdPerHour } = prices;
  const reservedHours = reservedUsdPerHour === null ? 0 : least * HOURS_PER_WEEK;
  const isSpot = burst === 'spot' && spotUsdPerHour !== null;
  const burstPrice = isSpot ? spotUsdPerHour * (1 + reclaimOverhead) : onDemandUsdPerHour;
  const lines = [
    { name: 'reserved', usdPerMonth: reservedHours * (reservedUsdPerHour ?? 0) * WEEKS_PER_MONTH },
    { name: isSpot ? 'spot' : 'on demand', usdPerMonth: (total - reservedHours) * burstPrice * WEEKS_PER_MONTH },
  ];
  return lines.filter(({ usdPerMonth }) => usdPerMonth > 0);
}

/** Once for each different rate, of which a week has far fewer than 168. */
function fleetsOf(plan: ServingPlan): Fleet[] {
  const known = new Map<number, Fleet>();
  return plan.hourlyRps.map((rps) => {
    const fleet = known.get(rps) ?? fleetAt(plan, rps);
    known.set(rps, fleet);
    return fleet;
  });
}

/** Up to the next whole number; what rounding errors add to a whole number does not count. */
const wholeUp = (value: number) => Math.ceil(value * (1 - 1e-9));

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
