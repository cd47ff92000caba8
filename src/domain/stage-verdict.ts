import { FLOOR } from './rollout-policy.ts';
import type { RouteStatus, StageResult } from './traffic.ts';

/** A stage that is watched: what it is and what it needs. */
export interface WatchInput {
  model: string;
  weight: number;
  stage: string;
  startedAt: string;
  minimumHoldMs: number;
  maximumHoldMs: number;
  minimumPairs: number;
}

/** What this stage itself must have seen yet, whatever is proven; undefined where that is enough. */
export function missingIn(
  { weight, minimumPairs }: WatchInput,
  { counts, stageCounts }: RouteStatus
): string | undefined {
  const { pairs } = stageCounts;
  if (pairs < minimumPairs) return `${pairs} pairs in this stage, ${minimumPairs} are required`;
  const floor = counts.floor?.pairs ?? 0;
  const required = Math.min(FLOOR.pairs, Math.ceil(FLOOR.share * minimumPairs));
  if (weight > 0 || floor >= required) return undefined;
  return `FP32 was compared with itself on ${floor} pairs, ${required} are required before clients get the candidate`;
}

/** The verdict of a stage at a moment, or undefined while it must be held. */
export function stageVerdict(input: WatchInput, status: RouteStatus, now: number): StageResult | undefined {
  const held = now - Date.parse(input.startedAt);
  const result = {
    weight: input.weight,
    observations: status.stageCounts.pairs,
    servedByCandidate: status.stageServed.candidate,
    counts: status.counts,
    evidence: status.judgement.evidence,
    times: status.times,
    startedAt: input.startedAt,
    endedAt: new Date(now).toISOString(),
  };
  if (status.trip) return { ...result, verdict: 'failed', reason: status.trip.reason };
  const { action, reason } = status.judgement;
  const missing = missingIn(input, status);
  if (held >= input.minimumHoldMs && !missing && action === 'promote')
    return { ...result, verdict: 'successful', reason };
  if (held < input.maximumHoldMs) return undefined;
  return { ...result, verdict: 'inconclusive', reason: `not decided within the maximum hold: ${missing ?? reason}` };
}
