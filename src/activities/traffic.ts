import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ArtifactRef } from '../domain/artifact.ts';
import { classesOf } from '../domain/classes.ts';
import { FailureType } from '../domain/errors.ts';
import { jsonOf } from '../domain/json.ts';
import { judgeConfigOf } from '../domain/rollout-policy.ts';
import { type Spec, sessionOptionsOf } from '../domain/spec.ts';
import { missingIn, stageVerdict, type WatchInput } from '../domain/stage-verdict.ts';
import type { RouteConfig, RouteStatus, StageLook, StageResult, TakenOut } from '../domain/traffic.ts';
import type { Journal } from '../storage/journal.ts';
import { whileBeating } from './heartbeat.ts';

interface Dependencies {
  /** Base URL of the gateway, asked anew each time: it may come back on another port. */
  gateway: () => string;
  token?: string;
  journalOf: (engagement: string) => Journal;
}

const ASSIGNMENT_SEED = 42;
const POLL_MS = 500;
const STILL_LOOKS = 20;
const ANSWER_MS = 100_000; // loading two arms; an attempt is given up after 120 s, and nothing of it may arrive later

/** The router, and the evidence it gathers. */
export const createTrafficActivities = ({ gateway, token, journalOf }: Dependencies) => {
  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const url = new URL(path, gateway());
    const response = await fetch(url, {
      method,
      signal: AbortSignal.any([cancellationSignal(), AbortSignal.timeout(ANSWER_MS)]),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = parsed<T & { error?: string }>(await response.text());
    if (!answer)
      throw new Error(
        `what answers at ${url.origin} is no gateway (${response.status} to ${method} ${path}): check STEPDOWN_GATEWAY`
      );
    if (response.ok) return answer;
    const message = `the gateway refused ${method} ${path} with ${response.status}: ${answer.error}`;
    if (response.status >= 500) throw new Error(message);
    throw ApplicationFailure.nonRetryable(message, FailureType.RouteRefused, { status: response.status });
  }

  const routePath = (model: string) => `/control/models/${encodeURIComponent(model)}`;
  const read = (model: string) => call<RouteStatus>('GET', routePath(model));

  /** What was under way at the trip is answered still; after that the candidate's counter must not move. */
  async function untilStill(model: string, answered: number): Promise<void> {
    for (let look = 0, before = answered; look < STILL_LOOKS; look++) {
      await sleep(POLL_MS);
      const { served } = await read(model);
      if (served.candidate === before) return;
      before = served.candidate;
    }
    throw new Error(`the candidate still answers clients ${(STILL_LOOKS * POLL_MS) / 1000} s after the trip`);
  }

  return {
    /** Loads both arms; traffic stays on the twin. */
    async openRoute(input: {
      spec: Spec;
      rollout: string;
      twin: ArtifactRef;
      candidate: ArtifactRef;
    }): Promise<RouteStatus> {
      const { spec, rollout, twin, candidate } = input;
      const { unitHeader, shadowSample, router, remotes } = spec.rollout;
      const config: RouteConfig = {
        model: spec.model.name,
        rollout,
        twin,
        candidate,
        options: sessionOptionsOf(spec),
        seed: ASSIGNMENT_SEED,
        unitHeader,
        shadowSample,
        labels: classesOf(spec),
        judge: judgeConfigOf(spec),
        silenceMs: spec.rollout.maximumSilence,
        ...(router && { router }),
        ...(remotes && { remotes }),
      };
      return call<RouteStatus>('PUT', routePath(config.model), config);
    },

    readRoute({ model }: { model: string }): Promise<RouteStatus> {
      return read(model);
    },

    /** One look at a stage: its result, or what is still awaited. */
    async lookAtStage(input: WatchInput): Promise<StageLook> {
      const status = await read(input.model);
      const result = stageVerdict(input, status, Date.now());
      const { counts, judgement, times } = status;
      const { action, expectedMorePairs, evidence } = judgement;
      const missing = missingIn(input, status);
      const proven = action === 'promote' && !missing;
      const reason = action === 'promote' && missing ? `${judgement.reason}; held still: ${missing}` : judgement.reason;
      return { result, counts, proven, reason, expectedMorePairs, evidence, times };
    },

    /** Sets the candidate's share, in percent, and confirms it by reading it back; a tripped route keeps its 0. */
    async setTrafficWeight(input: {
      engagement: string;
      model: string;
      weight: number;
      stage: string;
      /** Share of requests that run on both arms; as before where it is not given. */
      sample?: number;
    }): Promise<{ startedAt: string }> {
      const { engagement, model, weight, stage, sample } = input;
      const startedAt = new Date().toISOString();
      const basisPoints = Math.round(weight * 100);
      const before = await read(model);
      if (before.trip) return { startedAt };
      await call('PUT', `${routePath(model)}/weight`, { weight: basisPoints, stage, sample });
      const status = await read(model);
      if (!status.trip && status.weight !== basisPoints)
        throw new Error(`the gateway reads back ${status.weight} basis points, ${basisPoints} were asked for`);
      const body = { model, stage, weight: status.weight / 100, sample: status.sample, tripped: status.trip !== null };
      await journalOf(engagement).append(`weight/${stage}/${startedAt}`, 'weight', body);
      return { startedAt };
    },

    /**
     * Waits until the stage has a verdict: failed when the gateway tripped, successful when the minimum hold is over
     * and harmlessness is proven, inconclusive when the maximum hold is over. No data is never a pass.
     */
    async watchStage(input: WatchInput): Promise<StageResult> {
      return whileBeating(async (progress, signal) => {
        for (;;) {
          const status = await read(input.model).catch((error: unknown) => {
            if (error instanceof ApplicationFailure) throw error;
            log.warn('the gateway does not answer; holding', { model: input.model, error: String(error) });
            return undefined;
          });
          const result = status && stageVerdict(input, status, Date.now());
          if (result) return result;
          progress(status?.counts ?? null);
          await sleep(POLL_MS, undefined, { signal }).catch((error: unknown) => {
            signal.throwIfAborted();
            throw error;
          });
        }
      });
    },

    /** Takes the candidate out of the traffic for good and confirms it; an unknown route has no candidate traffic. */
    async returnToTwin({ model, reason }: { model: string; reason: string }): Promise<TakenOut> {
      const routes = await call<RouteStatus[]>('GET', '/control/models');
      if (!routes.some((route) => route.model === model)) return { weight: 0 };
      await call('POST', `${routePath(model)}/trip`, { reason, by: 'engagement' });
      const { weight, served, router, trip, judgement, times } = await read(model);
      const readAt = new Date().toISOString();
      if (weight !== 0) throw new Error(`the gateway still sends ${weight} basis points to the candidate`);
      if (router && router.weight !== 0)
        throw new Error(`${router.kind} is not confirmed at 0: ${router.lastError ?? 'it is being set'}`);
      await untilStill(model, served.candidate);
      const trippedAt = trip!.at;
      const zeroAt = router ? (router.confirmedAt ?? readAt) : trippedAt;
      return { weight, trippedAt, zeroAt, readAt, evidence: judgement.evidence, times };
    },
  };
};

export type TrafficActivities = ReturnType<typeof createTrafficActivities>;

/** Undefined for what is no JSON object. */
function parsed<T>(text: string): T | undefined {
  const value = jsonOf(text);
  return typeof value === 'object' && value !== null ? (value as T) : undefined;
}
