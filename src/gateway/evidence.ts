import { harmProven, judge, noEvidence, withOutlook } from '../domain/judge.ts';
import { quantilesOf, tailOf } from '../domain/latency-tail.ts';
import { FLOOR } from '../domain/rollout-policy.ts';
import { binOf } from '../domain/statistics/bounded-mean.ts';
import { labelCoverageOf } from '../domain/strata.ts';
import type {
  CountName,
  EvidenceCounts,
  RolloutJudgement,
  RouteConfig,
  RouteStatus,
  ServedCounts,
  Tail,
  Trip,
} from '../domain/traffic.ts';

/** Everything about a route that must survive the process, but for its predictions. */
export interface RouteState {
  config: RouteConfig;
  configSha256: string;
  /** Basis points. */
  weight: number;
  stage: string;
  /** Counts the settings of the weight; tells which stage a label was counted in. */
  stageNumber: number;
  trip: Trip | null;
  counts: EvidenceCounts;
  stageCounts: EvidenceCounts;
  served: ServedCounts;
  stageServed: ServedCounts;
  shadowShed: number;
  /** In place of the configuration's, where a stage asks for another. */
  sample?: number;
  /** Per class, in the order of the labels; absent in states of older versions. */
  classes?: { twin: number[]; candidate: number[] };
  /** Of the latest pair, or of the route's first moment; ISO 8601. */
  heardAt?: string;
  /** From which time on an answer is slow in this stage; absent until the twin's times are known. */
  tail?: Tail;
  /** The twin's answers to clients in this stage, by time. */
  times?: number[];
  /** The candidate's. */
  candidateTimes?: number[];
}

const SHADOW_STAGE = 'shadow';

export function newRoute(config: RouteConfig, configSha256: string): RouteState {
  return {
    config,
    configSha256,
    weight: 0,
    stage: SHADOW_STAGE,
    stageNumber: 0,
    trip: null,
    counts: noEvidence(),
    stageCounts: noEvidence(),
    served: nothingServed(),
    stageServed: nothingServed(),
    shadowShed: 0,
    heardAt: new Date().toISOString(),
  };
}

export function count(state: RouteState, name: CountName, by = 1): void {
  state.counts[name] += by;
  state.stageCounts[name] += by;
}

export function countServed(state: RouteState, name: keyof ServedCounts): void {
  state.served[name]++;
  state.stageServed[name]++;
}

/** How often each arm answered each class, on compared requests alone. */
export function countClasses(state: RouteState, { twin, candidate }: Prediction): void {
  const none = () => state.config.labels.map(() => 0);
  state.classes ??= { twin: none(), candidate: none() };
  state.classes.twin[twin]! += 1;
  state.classes.candidate[candidate]! += 1;
}

/** Whether the shadow stage still has to learn how often the twin differs from itself. */
export const lacksFloor = ({ weight, trip, counts: { floor } }: RouteState): boolean =>
  weight === 0 && !trip && (floor?.pairs ?? 0) < FLOOR.pairs;

export function countFloor({ counts }: RouteState, first: number[], again: number[]): void {
  counts.floor ??= { pairs: 0, disagreements: 0 };
  counts.floor.pairs += first.length;
  counts.floor.disagreements += first.filter((top, row) => top !== again[row]).length;
}

export function beginStage(state: RouteState, weight: number, stage: string, sample?: number): void {
  const tail = tailOf(state.times ?? [], state.config.judge.guardrails?.slowdown);
  if (tail) state.tail = tail;
  delete state.times;
  delete state.candidateTimes;
  state.weight = weight;
  if (sample !== undefined) state.sample = sample;
  state.stage = stage;
  state.stageNumber++;
  state.stageCounts = noEvidence();
  state.stageServed = nothingServed();
}

/** Takes the candidate out of the client traffic, for good as far as this rollout goes. */
export function trip(state: RouteState, reason: string, by: string): void {
  state.weight = 0;
  state.trip = { at: new Date().toISOString(), reason, by, counts: structuredClone(state.counts) };
}

/** Trips a route whose evidence proves harm; says whether it did. */
export function tripIfHarmful(state: RouteState): boolean {
  if (state.trip) return false;
  const reason = harmProven(state.counts, state.config.judge);
  if (!reason) return false;
  trip(state, reason, 'gateway');
  return true;
}

export interface Prediction {
  twin: number;
  candidate: number;
}

const DROP_BINS = 20;

/** What the twin's own probabilities say that its top-1 was worth more than the candidate's. */
export function countTwinDrop(state: RouteState, drop: number): void {
  if (drop <= 0) return;
  state.counts.twinDrops ??= new Array<number>(DROP_BINS).fill(0);
  state.counts.twinDrops[binOf(drop, DROP_BINS)]! += 1;
}

/** Which count a labelled pair belongs to. */
export function outcomeOf({ twin, candidate }: Prediction, label: number): 'plus' | 'minus' | 'zero' {
  if ((twin === label) === (candidate === label)) return 'zero';
  return twin === label ? 'plus' : 'minus';
}

/** The dead man's switch: a path that no longer brings comparisons proves nothing about today. */
function isSilent({ config: { silenceMs }, heardAt }: RouteState): boolean {
  return silenceMs !== undefined && heardAt !== undefined && Date.now() - Date.parse(heardAt) > silenceMs;
}

function judgementOf({ counts, config, trip, heardAt }: RouteState, silent: boolean): RolloutJudgement {
  const judged = judge(counts, config.judge);
  const told = { ...judged, evidence: withOutlook(judged, counts, config.judge) };
  if (trip) return { ...told, action: 'rollback', reason: trip.reason, expectedMorePairs: null };
  if (!silent) return told;
  return { ...told, action: 'hold', reason: `no request was compared since ${heardAt}: no data means hold` };
}

export function statusOf(state: RouteState): RouteStatus {
  const { config, configSha256, weight, stage, trip, counts, stageCounts, served, stageServed, shadowShed } = state;
  const { model, rollout } = config;
  const silent = isSilent(state);
  return {
    model,
    rollout,
    configSha256,
    weight,
    stage,
    trip,
    counts,
    stageCounts,
    served,
    stageServed,
    judgement: judgementOf(state, silent),
    silent,
    shadowShed,
    labelCoverage: labelCoverageOf(counts),
    times: {
      twin: quantilesOf(state.times ?? []),
      candidate: quantilesOf(state.candidateTimes ?? []),
      ...(config.router && { router: config.router.kind }),
    },
    sample: state.sample ?? config.shadowSample,
    ...(state.classes && { classes: state.classes }),
  };
}

const nothingServed = (): ServedCounts => ({ twin: 0, candidate: 0, replayed: 0 });
