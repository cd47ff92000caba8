import { randomUUID } from 'node:crypto';
import { HostDied, ModelRunFailed, type RunResult } from '../inference/host.ts';
import type { ArmName } from './arm.ts';
import { ArmDown, ArmTimeout, messageOf, OutputInvalid, Refusal, RemoteFailed } from './errors.ts';
import type { InferRequest, Served } from './protocol.ts';
import type { Route } from './route.ts';
import type { Shadow } from './shadow.ts';

export interface ServeLimits {
  deadlineMs: number;
  maximumInFlight: number;
  /** From the first byte of a request to its last. */
  readTimeoutMs: number;
}

interface Answer {
  arm: ArmName;
  result: RunResult;
  classes: number[];
  /** Whether the candidate was asked and failed. */
  replayed: boolean;
}

/** Answers a client on its own arm, or on the twin where `pinned` or where the candidate fails; a sampled one is compared. */
export async function serve(
  route: Route,
  request: InferRequest,
  { unit, pinned }: { unit: string | undefined; pinned: boolean },
  limits: ServeLimits,
  shadow: Shadow
): Promise<Served> {
  refuseBusy(route, limits);
  const { model } = route.state.config;
  const id = request.id ?? randomUUID();
  const bucket = route.bucketFor(unit, id);
  // What a client pinned to the twin is answered says nothing about the split.
  const sampled = !pinned && route.isSampled(id);
  const exposure = pinned ? undefined : route.expose(unit, id, bucket);
  const startedAt = performance.now();
  if (sampled) route.awaitPairs(id, request.rows);
  route.inFlight++;
  try {
    const answer = await answerOn(route, request, pinned ? 'twin' : bucket, limits.deadlineMs);
    route.countServed(answer.arm, answer.replayed);
    route.recordAnswer(id, answer, performance.now() - startedAt, exposure);
    if (sampled && !answer.replayed) shadow.compare(route, { id, request, ...answer });
    else route.noLongerAwaited(id);
    return {
      model,
      version: route.versionOf(answer.arm),
      id,
      arm: answer.arm,
      bucket,
      result: answer.result,
      outputs: request.outputs,
    };
  } catch (error) {
    route.noLongerAwaited(id);
    throw asRefusal(error);
  } finally {
    route.inFlight--;
  }
}

export function refuseBusy({ inFlight }: Route, { maximumInFlight }: ServeLimits): void {
  if (inFlight >= maximumInFlight) throw new Refusal(429, `${inFlight} requests are in flight; try again shortly`);
}

async function answerOn(
  route: Route,
  request: InferRequest,
  bucket: number | 'twin',
  deadlineMs: number
): Promise<Answer> {
  const expiresAt = Date.now() + deadlineMs;
  if (bucket === 'twin' || !route.sendsToCandidate(bucket)) return onTwin(route, request, expiresAt);
  // Half of the time stays for the twin, should the candidate not answer.
  const failure = await onCandidate(route, request, deadlineMs / 2);
  if ('result' in failure) {
    // Tripped while this was under way: from that moment on, no client gets an answer of the candidate.
    if (route.state.trip) return onTwin(route, request, expiresAt);
    route.countCandidateRun(false);
    return failure;
  }
  const answer = await onTwin(route, request, expiresAt);
  // Counted only now: what the twin cannot answer either is the request's fault.
  route.countCandidateRun(true);
  return { ...answer, replayed: true };
}

async function onCandidate(
  route: Route,
  request: InferRequest,
  timeoutMs: number
): Promise<Answer | { error: unknown }> {
  try {
    const result = await route.arms.candidate.run(request.feeds, { timeoutMs, priority: 'client', patient: false });
    return { arm: 'candidate', result, classes: route.classesOf(result, request.rows), replayed: false };
  } catch (error) {
    return { error };
  }
}

/** Inference has no side effect, so a request that lost its host is run again on the next one, once. */
async function onTwin(route: Route, request: InferRequest, expiresAt: number): Promise<Answer> {
  const attempt = () =>
    route.arms.twin.run(request.feeds, {
      timeoutMs: Math.max(1, expiresAt - Date.now()),
      priority: 'client',
      patient: true,
    });
  const result = await attempt().catch((error: unknown) => {
    if (isLost(error) && Date.now() < expiresAt) return attempt();
    throw error;
  });
  return { arm: 'twin', result, classes: route.classesOf(result, request.rows), replayed: false };
}

const isLost = (error: unknown): error is Error => error instanceof HostDied || error instanceof RemoteFailed;

function asRefusal(error: unknown): Error {
  if (error instanceof ModelRunFailed) return new Refusal(400, `the model refused the inputs: ${error.message}`);
  if (error instanceof ArmTimeout) return new Refusal(504, error.message);
  if (error instanceof ArmDown || isLost(error)) return new Refusal(503, error.message);
  if (error instanceof OutputInvalid) return new Refusal(500, `the model's answer is not usable: ${error.message}`);
  return error instanceof Error ? error : new Error(messageOf(error));
}
