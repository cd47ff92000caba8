import { PACKAGES } from './packages.ts';
import { wilsonInterval } from './statistics/wilson.ts';
import type { Incident, SupportResult } from './support.ts';
import { type TimeToZero, timeToZeroCheck } from './time-to-zero.ts';
import type { RouteStatus } from './traffic.ts';
import type { Check, Verdict } from './verdict.ts';
import { keptQuantiles } from './waiting.ts';

/** What the router said of the service at the looks of a support window, since it began. */
export interface ServiceRecord {
  looks: number;
  /** Looks that were answered in time, with FP32 ready: it answers whatever the candidate does not. */
  up: number;
  /** Looks at which the candidate was ready. */
  candidateReady: number;
  /** How long clients waited for each arm since the window began, as last read. */
  times?: RouteStatus['times'];
}

/** What a package promises of the service; the latency is the specification's own. */
export interface ServiceTargets {
  /** Share of looks. */
  uptime: number;
  /** From an incident to a person who looked at it. */
  acknowledgeMs: number;
  /** From the observation that proves harm, or from an order, to 0 % of the traffic on the candidate. */
  toZeroMs: number;
}

/** With one look more; one that came a whole interval late saw a router that did not answer meanwhile. */
export function withLook(record: ServiceRecord | undefined, status: RouteStatus, isLate: boolean): ServiceRecord {
  const { looks, up, candidateReady } = record ?? { looks: 0, up: 0, candidateReady: 0 };
  const isReady = (arm: 'twin' | 'candidate') => (status.arms ? status.arms[arm].state === 'ready' : true);
  const count = (holds: boolean) => (holds && !isLate ? 1 : 0);
  return {
    looks: looks + 1,
    up: up + count(isReady('twin')),
    candidateReady: candidateReady + count(isReady('candidate')),
    times: status.times ?? record?.times,
  };
}

export const targetsOf = (bought: string): ServiceTargets | null =>
  Object.hasOwn(PACKAGES, bought) ? PACKAGES[bought as keyof typeof PACKAGES].serviceLevel : null;

const CONFIDENCE = 0.95;

export interface Served extends Pick<SupportResult, 'incidents' | 'endedAt'> {
  service: ServiceRecord;
  trips: TimeToZero[];
}

/** Each target against what was recorded; inconclusive where too little was seen to tell. */
export function serviceChecks(
  { service, incidents, endedAt, trips }: Served,
  targets: ServiceTargets,
  { sloMs, sloPercentile }: { sloMs: number; sloPercentile: number }
): Check[] {
  return [
    uptime(service, targets),
    latency(service, sloMs, sloPercentile),
    ...incidents.map((incident) => response(incident, endedAt, targets)),
    ...trips.map((trip) => timeToZeroCheck(trip, targets.toZeroMs)),
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(3)} %`;

function uptime({ looks, up }: ServiceRecord, { uptime: target }: ServiceTargets): Check {
  const [low, high] = wilsonInterval({ successes: up, of: looks, confidence: CONFIDENCE });
  const verdict: Verdict = low >= target ? 'successful' : high < target ? 'failed' : 'inconclusive';
  const reason = `${up} of ${looks} looks found the service up: ${percent(up / looks)} (95 % interval ${percent(low)} to ${percent(high)}), target ${percent(target)}`;
  return { name: 'uptime', verdict, reason };
}

/** A quantile that the router keeps proves a target of its percentile or below, and disproves one of its own or above. */
function latency({ times }: ServiceRecord, sloMs: number, percentile: number): Check {
  const name = 'latency';
  const target = `target p${percentile} within ${sloMs} ms`;
  const seen = times?.candidate;
  if (!seen) return { name, verdict: 'inconclusive', reason: `no client was timed on the candidate; ${target}` };
  const kept = keptQuantiles(seen);
  const disproves = kept.some(([at, { lowMs }]) => at <= percentile && lowMs > sloMs);
  const proves = kept.some(([at, { highMs }]) => at >= percentile && highMs !== null && highMs <= sloMs);
  const verdict: Verdict = disproves ? 'failed' : proves ? 'successful' : 'inconclusive';
  const highest = kept.at(-1)![0];
  const why = percentile > highest ? `; the router kept no percentile above p${highest}` : '';
  const told = kept.map(([at, { ms, lowMs, highMs }]) => {
    const bounds = highMs === null ? `above ${lowMs.toFixed(1)}` : `${lowMs.toFixed(1)} to ${highMs.toFixed(1)}`;
    return `p${at} ${ms.toFixed(1)} ms (${bounds})`;
  });
  return { name, verdict, reason: `${told.join(', ')} on ${seen.n} answers, ${target}${why}` };
}

function response({ number, kind, openedAt, acknowledged }: Incident, endedAt: string, targets: ServiceTargets): Check {
  const waited = Date.parse(acknowledged?.at ?? endedAt) - Date.parse(openedAt);
  const isInTime = waited <= targets.acknowledgeMs;
  const hours = (ms: number) => `${(ms / 3_600_000).toFixed(2)} h`;
  const verdict: Verdict = isInTime ? (acknowledged ? 'successful' : 'inconclusive') : 'failed';
  const said = acknowledged
    ? `acknowledged by ${acknowledged.by} after ${hours(waited)}`
    : `not acknowledged in the ${hours(waited)} that were left of it`;
  return { name: `incident ${number} (${kind})`, verdict, reason: `${said}, target ${hours(targets.acknowledgeMs)}` };
}
