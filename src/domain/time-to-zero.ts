import type { TakenOut } from './traffic.ts';
import type { Check } from './verdict.ts';

/** From the observation that crossed a bound, or from a person's order, to no traffic on the candidate. */
export interface TimeToZero {
  /** The weight, in percent, that the candidate was at. */
  stage: number;
  /** ISO 8601, as the rest. */
  from: string;
  /** The router in front of the arms was read back at 0; where the gateway is the router, its trip. */
  zeroAt: string;
  /** The engagement read that back. */
  readAt: string;
}

/** Undefined where there was no route, and in answers of older versions. A trip that came before the order counts from its observation. */
export function timeToZero(
  { trippedAt, zeroAt, readAt }: TakenOut,
  stage: number,
  orderedAt: string
): TimeToZero | undefined {
  if (!trippedAt || !zeroAt || !readAt) return undefined;
  return { stage, from: trippedAt < orderedAt ? trippedAt : orderedAt, zeroAt, readAt };
}

const between = (from: string, to: string): number => Math.max(0, Date.parse(to) - Date.parse(from));
export const msToZero = ({ from, zeroAt }: TimeToZero): number => between(from, zeroAt);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;

/** Such as `0.004 s from proof or order to 0 %, read back after 0.812 s`. */
export const describeTimeToZero = (time: TimeToZero): string =>
  `${seconds(msToZero(time))} from proof or order to 0 %, read back after ${seconds(between(time.from, time.readAt))}`;

export const slowest = (times: TimeToZero[]): TimeToZero | undefined =>
  times.toSorted((a, b) => msToZero(b) - msToZero(a))[0];

export function timeToZeroCheck(time: TimeToZero, targetMs: number): Check {
  const name = `time to 0 % from ${time.stage === 0 ? 'the shadow' : `${time.stage} %`}, ${time.from.slice(0, 19)}Z`;
  const verdict = msToZero(time) <= targetMs ? 'successful' : 'failed';
  return { name, verdict, reason: `${describeTimeToZero(time)}, target ${seconds(targetMs)}` };
}
