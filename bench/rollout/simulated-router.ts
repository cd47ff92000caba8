import { judgeConfigOf } from '../../src/domain/rollout-policy.ts';
import type { Spec } from '../../src/domain/spec.ts';
import { stageVerdict, type WatchInput } from '../../src/domain/stage-verdict.ts';
import type { RouteConfig, StageLook } from '../../src/domain/traffic.ts';
import {
  beginStage,
  count,
  countFloor,
  newRoute,
  type RouteState,
  statusOf,
  tripIfHarmful,
} from '../../src/gateway/evidence.ts';
import { fakeActivities } from '../../test/workflows/fakes.ts';

const HOUR_MS = 3_600_000;
/** In full shadow; the support window compares a hundredth. */
const PAIRS_PER_HOUR = 200;
const [DISAGREE, LABELLED] = [0.002, 0.1];

/** A router in simulated time, judged as the gateway judges; harmless traffic comes in by the hour. */
export class SimulatedRouter {
  readonly activities;
  readonly #now: () => Promise<number>;
  #state!: RouteState;
  #countedUntil = 0;
  #pairsBeforeSupport = 0;

  constructor(now: () => Promise<number>) {
    this.#now = now;
    this.activities = {
      ...fakeActivities(),
      openRoute: async ({ spec }: { spec: Spec }) => {
        const { name: model, labels } = spec.model as Spec['model'] & { labels: string[] };
        const config = { model, labels, judge: judgeConfigOf(spec), shadowSample: spec.rollout.shadowSample };
        this.#state = newRoute(config as unknown as RouteConfig, 'simulated');
        this.#countedUntil = await now();
        return this.#status();
      },
      setTrafficWeight: async (to: { weight: number; stage: string; sample?: number }) => {
        await this.#status();
        beginStage(this.#state, to.weight * 100, to.stage, to.sample);
        if (to.stage === 'support') this.#pairsBeforeSupport = this.#state.counts.pairs;
        return { startedAt: new Date(this.#countedUntil).toISOString() };
      },
      readRoute: () => this.#status(),
      lookAtStage: async (input: WatchInput): Promise<StageLook> => {
        const status = await this.#status();
        const { counts, judgement } = status;
        const { action, reason, expectedMorePairs, evidence } = judgement;
        const result = stageVerdict(input, status, this.#countedUntil);
        return { result, counts, proven: action === 'promote', reason, expectedMorePairs, evidence };
      },
    };
  }

  get pairsOfSupport(): number {
    return this.#state.counts.pairs - this.#pairsBeforeSupport;
  }

  /** Whole hours since the last look come in first. */
  async #status() {
    const hours = Math.floor(((await this.#now()) - this.#countedUntil) / HOUR_MS);
    this.#countedUntil += hours * HOUR_MS;
    const state = this.#state;
    const pairs = Math.round(hours * PAIRS_PER_HOUR * (state.sample ?? state.config.shadowSample));
    count(state, 'pairs', pairs);
    count(state, 'candidateRequests', pairs);
    count(state, 'disagreements', Math.round(pairs * DISAGREE));
    count(state, 'zero', Math.round(pairs * LABELLED));
    if (state.weight === 0 && pairs > 0) countFloor(state, new Array(pairs).fill(0), new Array(pairs).fill(0));
    tripIfHarmful(state);
    return statusOf(state);
  }
}
