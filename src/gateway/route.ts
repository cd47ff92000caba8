import { createHash } from 'node:crypto';
import { assignedToCandidate, bucketOf, FULL_WEIGHT } from '../domain/assignment.ts';
import { FLOOR } from '../domain/rollout-policy.ts';
import { weightFault } from '../domain/router.ts';
import type { RouteStatus } from '../domain/traffic.ts';
import type { RunResult } from '../inference/host.ts';
import type { Arm, ArmName } from './arm.ts';
import { topClasses, twinDropOf } from './classification.ts';
import { messageOf, Refusal } from './errors.ts';
import {
  beginStage,
  count,
  countClasses,
  countFloor,
  countServed,
  countTwinDrop,
  lacksFloor,
  outcomeOf,
  type Prediction,
  type RouteState,
  statusOf,
  trip,
  tripIfHarmful,
} from './evidence.ts';
import { countAnswer, countCandidateTime, countLabel, countTwinTime, type Exposure, expose } from './exposure.ts';
import { refuseRouter, Steering } from './steering.ts';
import type { PredictionKey, Store } from './store.ts';

/** Another hash than the assignment's, so that which requests are compared does not depend on the arm. */
const SAMPLE_SEED_OFFSET = 1;
const FLOOR_SEED_OFFSET = 2;
const VERSION_DIGITS = 12;
const UNIT_DIGITS = 22;

export interface Arms {
  twin: Arm;
  candidate: Arm;
}

/** One model on two arms with its evidence; the only place that changes the weight. */
export class Route {
  readonly state: RouteState;
  readonly arms: Arms;
  readonly #store: Store;
  /** Where a router stands in front of the arms. */
  readonly #steering: Steering | undefined;
  /** Sampled requests whose comparison may still come, with their number of rows. */
  readonly #awaited = new Map<string, number>();
  inFlight = 0;
  /** Replaced, deleted or shutting down: what is still under way is answered and no longer counted. */
  #retired = false;

  constructor(state: RouteState, arms: Arms, store: Store) {
    this.state = state;
    this.arms = arms;
    this.#store = store;
    const { router } = state.config;
    this.#steering = router && new Steering(router, () => this.state.weight);
    this.#judge();
  }

  get status(): RouteStatus {
    return {
      ...statusOf(this.state),
      arms: { twin: this.arms.twin.status, candidate: this.arms.candidate.status },
      ...(this.#steering && { router: this.#steering.status }),
    };
  }

  /** Header values are latin1 strings in Node: hashing their bytes gives what any other router gives. */
  bucketFor(unit: string | undefined, id: string): number {
    const bytes = unit ? Buffer.from(unit, 'latin1') : Buffer.from(id);
    return bucketOf(bytes, this.state.config.seed);
  }

  /**
   * A router that does not hash as this one has decided already: what comes here it has given to the candidate. At 0
   * it is a copy for the shadow stage, or on its way since before.
   */
  sendsToCandidate(bucket: number): boolean {
    const { weight, config } = this.state;
    if (config.router && config.router.kind !== 'haproxy') return weight > 0;
    return assignedToCandidate(bucket, weight);
  }

  /** Names the artifact that answers: the first digits of its hash. */
  versionOf(arm: ArmName): string {
    return this.state.config[arm].sha256.slice(0, VERSION_DIGITS);
  }

  isSampled(id: string): boolean {
    const { seed, shadowSample } = this.state.config;
    const sample = this.state.sample ?? shadowSample;
    const bucket = bucketOf(id, (seed + SAMPLE_SEED_OFFSET) >>> 0);
    return !this.state.trip && bucket < sample * FULL_WEIGHT;
  }

  /** Of the compared requests those that run on the twin once more. */
  isForFloor(id: string): boolean {
    const bucket = bucketOf(id, (this.state.config.seed + FLOOR_SEED_OFFSET) >>> 0);
    return lacksFloor(this.state) && bucket < FLOOR.share * FULL_WEIGHT;
  }

  /** The twin's classes of a request, at first and once more. */
  recordFloor(first: number[], again: number[]): void {
    if (this.#retired || !lacksFloor(this.state)) return;
    countFloor(this.state, first, again);
    this.#store.observe(this.state);
  }

  /** The class of every row; throws `OutputInvalid` for an answer that is none. */
  classesOf(result: RunResult, rows: number): number[] {
    const { host } = this.arms.twin;
    return topClasses(result, host!.outputs, rows, this.state.config.labels.length);
  }

  setWeight(weight: number, stage: string, sample?: number): void {
    if (this.state.trip)
      throw new Refusal(409, `the rollout was rolled back: ${this.state.trip.reason}`, { trip: this.state.trip });
    const fault = this.state.config.router && weightFault(this.state.config.router, weight);
    if (fault) throw new Refusal(422, fault);
    beginStage(this.state, weight, stage, sample);
    this.#store.commitDurably(this.state);
  }

  /** Resolves once the router in front of the arms, where there is one, was read back at the weight. */
  async settle(): Promise<void> {
    await this.#steering?.settle().catch(refuseRouter);
  }

  /** The router follows the weight from now on. */
  steer(): void {
    this.#steering?.keep();
  }

  tripBy(reason: string, by: string): void {
    if (!this.state.trip) trip(this.state, reason, by);
    this.steer();
    this.#store.commitDurably(this.state);
  }

  /** Counts the unit of a request where chance assigns it now, so that its answer and label count too. */
  expose(unit: string | undefined, id: string, bucket: number): Exposure | undefined {
    const { weight, trip, config } = this.state;
    if (weight <= 0 || weight >= FULL_WEIGHT || trip || this.#retired) return undefined;
    // Where another router splits, the twin's units do not pass here: there is nothing to compare the candidate's with.
    if (config.router) return undefined;
    // No name of a user is kept.
    const key = createHash('sha256')
      .update(unit ? `u${unit}` : `i${id}`)
      .digest('base64url')
      .slice(0, UNIT_DIGITS);
    const known = this.#store.units.place(config.model, key);
    const { exposure, place } = expose(this.state, known, assignedToCandidate(bucket, weight));
    if (place) this.#store.units.putPlace(config.model, key, place);
    if (exposure) this.#judge();
    return exposure;
  }

  /** The answer that a client got, `ms` after its request was read. One that was replayed waited for the candidate. */
  recordAnswer(
    id: string,
    { arm, classes, replayed }: { arm: ArmName; classes: number[]; replayed: boolean },
    ms: number,
    exposure: Exposure | undefined
  ): void {
    if (this.state.trip || this.#retired) return;
    if (arm === 'twin' && !replayed) countTwinTime(this.state, ms);
    else countCandidateTime(this.state, ms);
    if (!exposure) return;
    countAnswer(this.state, exposure, ms);
    const answered = { ...exposure, class: classes[0]!, wrong: null, version: null };
    this.#store.units.putExposure(this.state.config.model, id, answered);
    this.#judge();
  }

  countServed(arm: ArmName, replayed: boolean): void {
    if (this.#retired) return;
    countServed(this.state, arm);
    if (replayed) countServed(this.state, 'replayed');
    this.#store.observe(this.state);
  }

  countShed(): void {
    if (this.#retired) return;
    this.state.shadowShed++;
    this.#store.observe(this.state);
  }

  countCandidateRun(failed: boolean): void {
    if (this.state.trip || this.#retired) return;
    count(this.state, 'candidateRequests');
    if (failed) count(this.state, 'candidateErrors');
    this.#judge();
  }

  awaitPairs(id: string, rows: number): void {
    this.#awaited.set(id, rows);
  }

  noLongerAwaited(id: string): void {
    this.#awaited.delete(id);
  }

  /**
   * Counts the pair of every row once, with its label where feedback was faster; pairs after a trip do not count. Says
   * whether any counted.
   */
  recordPairs(id: string, pairs: Prediction[], twin: RunResult): boolean {
    this.noLongerAwaited(id);
    if (this.state.trip || this.#retired) return false;
    const before = this.state.counts.pairs;
    for (const [row, pair] of pairs.entries()) {
      const key = this.#key(id, row);
      const known = this.#store.prediction(key);
      if (known && known.twin !== null) continue;
      count(this.state, 'pairs');
      this.state.heardAt = new Date().toISOString();
      countClasses(this.state, pair);
      if (pair.twin !== pair.candidate) count(this.state, 'disagreements');
      countTwinDrop(this.state, twinDropOf(twin, this.arms.twin.host!.outputs, row, pair));
      const label = known?.label ?? null;
      if (label !== null) count(this.state, outcomeOf(pair, label));
      const stage = label === null ? null : this.state.stageNumber;
      this.#store.putPrediction(key, { ...pair, label, version: known?.version ?? null, stage });
    }
    const counted = this.state.counts.pairs > before;
    this.#judge();
    return counted;
  }

  /** A label of a later version corrects an earlier one; the same or an earlier version is a duplicate. */
  recordLabel(id: string, row: number, label: number, version: number): 'accepted' | 'duplicate' | 'unknown' {
    const ofUnit = row === 0 && this.#recordUnitLabel(id, label, version);
    const key = this.#key(id, row);
    const known = this.#store.prediction(key);
    if (!known && row >= (this.#awaited.get(id) ?? 0)) return ofUnit || 'unknown';
    const before = known ?? { twin: null, candidate: null, label: null, version: null, stage: null };
    if (before.version !== null && version <= before.version) return 'duplicate';
    const { twin, candidate } = before;
    let stage: number | null = null;
    if (twin !== null && candidate !== null) {
      stage = this.state.stageNumber;
      if (before.label !== null) this.#uncount(outcomeOf({ twin, candidate }, before.label), before.stage);
      count(this.state, outcomeOf({ twin, candidate }, label));
    }
    this.#store.putPrediction(key, { twin, candidate, label, version, stage });
    this.#judge();
    return 'accepted';
  }

  /** Says nothing where the request was not the first of a unit that chance assigned. */
  #recordUnitLabel(id: string, label: number, version: number): 'accepted' | 'duplicate' | undefined {
    const { model } = this.state.config;
    const known = this.#store.units.exposure(model, id);
    if (!known) return undefined;
    if (known.version !== null && version <= known.version) return 'duplicate';
    const wrong = known.class !== label;
    countLabel(this.state, known, wrong, known.wrong);
    this.#store.units.putExposure(model, id, { ...known, wrong, version });
    this.#judge();
    return 'accepted';
  }

  /** Whether requests are answered at all; without the candidate they are. */
  get ready(): boolean {
    return this.arms.twin.ready;
  }

  retire(): void {
    this.#retired = true;
    this.#steering?.stop();
  }

  close(): Promise<unknown> {
    this.retire();
    return Promise.all([this.arms.twin.close(), this.arms.candidate.close()]);
  }

  #uncount(outcome: 'plus' | 'minus' | 'zero', stage: number | null): void {
    this.state.counts[outcome]--;
    if (stage === this.state.stageNumber) this.state.stageCounts[outcome]--;
  }

  #judge(): void {
    const tripped = tripIfHarmful(this.state);
    if (tripped) this.steer();
    try {
      if (tripped) this.#store.commitDurably(this.state);
    } catch (error) {
      // The weight is 0 from this moment on; only the record of it is late.
      console.error(`the trip of ${this.state.config.model} is not on disk yet: ${messageOf(error)}`);
    }
    this.#store.observe(this.state);
  }

  #key(id: string, row: number): PredictionKey {
    return { model: this.state.config.model, id, row };
  }
}
