import { countTime } from '../domain/latency-tail.ts';
import { chanceOf, narrowed, type Place, stratumOf, UNKNOWN_PLACE } from '../domain/strata.ts';
import type { ArmOutcomes, Stratum } from '../domain/traffic.ts';
import type { RouteState } from './evidence.ts';

/** A unit that chance has just assigned, and its first request after that. */
export interface Exposure {
  /** Of the stratum it counts in, for this stage and for the whole rollout. */
  index: number;
  arm: 'twin' | 'candidate';
}

/** Counts a unit where chance decides its arm; what is known of its place from then on, if that is more. */
export function expose(
  state: RouteState,
  known: Place | undefined,
  onCandidate: boolean
): { exposure?: Exposure; place?: Place } {
  const place = known ?? UNKNOWN_PLACE;
  const share = chanceOf(place, state.weight);
  if (share <= 0 || share >= 1) return {};
  state.counts.strata ??= [];
  const stratum = stratumOf(state.counts.strata, share, state.tail ?? null);
  const arm = onCandidate ? 'candidate' : 'twin';
  stratum[arm].units += 1;
  return {
    exposure: { index: state.counts.strata.indexOf(stratum), arm },
    place: narrowed(place, state.weight, onCandidate),
  };
}

export function countAnswer(state: RouteState, exposure: Exposure, ms: number): void {
  const tail = stratumAt(state, exposure)?.tail;
  if (!tail) return;
  bump(state, exposure, 'answered', 1);
  if (ms > tail.ms) bump(state, exposure, 'slow', 1);
}

/** A label of a unit's first answer; `before` where it corrects another. */
export function countLabel(state: RouteState, exposure: Exposure, isWrong: boolean, before: boolean | null): void {
  if (before === null) bump(state, exposure, 'labelled', 1);
  bump(state, exposure, 'wrong', Number(isWrong) - Number(before ?? false));
}

/** What the next stage's tail is taken from: the twin's own clients. */
export function countTwinTime(state: RouteState, ms: number): void {
  state.times ??= [];
  countTime(state.times, ms);
}

export function countCandidateTime(state: RouteState, ms: number): void {
  state.candidateTimes ??= [];
  countTime(state.candidateTimes, ms);
}

/** Undefined where the disk did not take what was counted, and it was taken back. */
const stratumAt = ({ counts }: RouteState, { index }: Exposure): Stratum | undefined => counts.strata?.[index];

function bump(state: RouteState, exposure: Exposure, outcome: keyof ArmOutcomes, by: number): void {
  const stratum = stratumAt(state, exposure);
  if (stratum) stratum[exposure.arm][outcome] += by;
}
