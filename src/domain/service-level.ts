import { PACKAGES } from './packages.ts';
import { wilsonInterval } from './statistics/wilson.ts';
import type { Incident, SupportResult } from './support.ts';
import type { RouteStatus } from './traffic.ts';
import type { Check, Verdict } from './verdict.ts';

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

/** Each target against what was recorded; inconclusive where too little was seen to tell. */
export function serviceChecks(
  { service, incidents, endedAt }: Pick<SupportResult, 'incidents' | 'endedAt'> & { service: ServiceRecord },
  targets: ServiceTargets,
  { sloMs, sloPercentile }: { sloMs: number; sloPercentile: number }
): Check[] {
  return [
    uptime(service, targets),
    latency(service, sloMs, sloPercentile),
    ...incidents.map((incident) => response(incident, endedAt, targets)),
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(3)} %`;

function uptime({ looks, up }: ServiceRecord, { uptime: target }: ServiceTargets): Check {
  const [low, high] = wilsonInterval({ successes: up, of: looks, confidence: CONFIDENCE });
  const verdict: Verdict = low >= target ? 'successful' : high < target ? 'failed' : 'inconclusive';
  const reason = `${up} of ${looks} looks found the service up: ${percent(up / looks)} (95 % interval ${percent(low)} to ${percent(high)}), target ${percent(target)}`;
  return { name: 'uptime', verdict, reason };
}

/** The router keeps the p95: it proves a target of p95 or below, and disproves any. */
function latency({ times }: ServiceRecord, sloMs: number, percentile: number): Check {
  const name = 'latency';
  const target = `target p${percentile} within ${sloMs} ms`;
  const seen = times?.candidate;
  if (!seen) return { name, verdict: 'inconclusive', reason: `no client was timed on the candidate; ${target}` };
  const { ms, lowMs, highMs, n } = seen;
  const proves = percentile <= 95 && highMs !== null && highMs <= sloMs;
  const verdict: Verdict = lowMs > sloMs ? 'failed' : proves ? 'successful' : 'inconclusive';
  const bounds = highMs === null ? `above ${lowMs.toFixed(1)}` : `${lowMs.toFixed(1)} to ${highMs.toFixed(1)}`;
  const why = percentile > 95 && verdict === 'inconclusive' ? '; the router keeps no higher percentile' : '';
  return { name, verdict, reason: `p95 ${ms.toFixed(1)} ms (${bounds}, on ${n} answers), ${target}${why}` };
}

function response({ number, kind, openedAt, acknowledged }: Incident, endedAt: string, targets: ServiceTargets): Check {
  const waited = Date.parse(acknowledged?.at ?? endedAt) - Date.parse(openedAt);
  const isInTime = waited <= targets.acknowledgeMs;
  const hours = (ms: number) => `${(ms / 3_600_000).toFixed(2)} h`;
  const verdict: Verdict = isInTime ? (acknowledged ? 'successful' : 'inconclusive') : 'failed';
  const said = acknowledged
    ? `acknowledged by ${acknowledged.by} after ${hours(waited)}`
    : `not acknowledged in ${hours(waited)}`;
  return { name: `incident ${number} (${kind})`, verdict, reason: `${said}, target ${hours(targets.acknowledgeMs)}` };
}
