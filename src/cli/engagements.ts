import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { Decision, GateStatus } from '../domain/decision.ts';
import type { ClosingDocument, EngagementState, SourceFiles } from '../domain/engagement.ts';
import { engagementId, QUEUES, rolloutId, supportId } from '../domain/ids.ts';
import type { Spec } from '../domain/spec.ts';
import { engagement } from '../workflows/engagement.ts';
import {
  engagementQuery,
  gateQuery,
  progressQuery,
  type RolloutProgress,
  type SupportProgress,
  supportQuery,
} from '../workflows/messages.ts';
import { kickOffAttributes, kickOffMemo } from '../workflows/search-attributes.ts';
import { answered } from './connection.ts';
import { CommandError, EXIT } from './errors.ts';

/** Starts an engagement; a second start of one that runs is refused with where it stands. */
export async function kickOff(client: Client, spec: Spec, sources: SourceFiles, startedBy: string): Promise<void> {
  try {
    await client.workflow.start(engagement, {
      workflowId: engagementId(spec.engagement),
      taskQueue: QUEUES.engagement,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      staticSummary: `${spec.client.name}: ${spec.model.name}, ${spec.package}`,
      typedSearchAttributes: kickOffAttributes(spec),
      memo: kickOffMemo(sources),
      args: [{ spec, sources, startedBy, startedAt: new Date().toISOString() }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CommandError(
      EXIT.refused,
      `engagement '${spec.engagement}' exists already`,
      anotherName(spec.engagement)
    );
  }
}

export const anotherName = (name: string): string =>
  `see \`stepdown status ${name}\`, or give the new one another name under 'engagement:'`;

export interface EngagementStatus {
  state: EngagementState;
  rollout?: RolloutProgress;
  support?: SupportProgress;
  /** The open gate. */
  gate?: GateStatus;
  /** A gate that has been decided and whose decision is being recorded. */
  decided?: Decision;
}

/** Where an engagement stands, with its running rollout and its open gate. */
export async function statusOf(client: Client, name: string): Promise<EngagementStatus> {
  const { workflow } = client;
  const state = await answered(client, () => workflow.getHandle(engagementId(name)).query(engagementQuery));
  const isRollingOut = state.phase === 'rollout' && state.rollout === undefined;
  const rollout = isRollingOut ? await progressOf(client, name) : undefined;
  const support = state.phase === 'support' ? await supportOf(client, name, state) : undefined;
  const awaiting = state.awaiting ?? rollout?.awaiting;
  const gate = awaiting && (await gateAt(client, awaiting.workflowId));
  return gate?.decision ? { state, rollout, support, decided: gate.decision } : { state, rollout, support, gate };
}

/** The number of the run of its support phase that is under way, or was last. */
const supportRun = ({ phases }: EngagementState): number => {
  const last = phases.findLast(({ name }) => name === 'support');
  return last ? last.attempt + (last.decision?.outcome === 'revise' ? 1 : 0) : 1;
};

export const supportHandle = (client: Client, name: string, state: EngagementState) =>
  client.workflow.getHandle(supportId(name, supportRun(state)));

async function supportOf(client: Client, name: string, state: EngagementState): Promise<SupportProgress | undefined> {
  try {
    return await answered(client, () => supportHandle(client, name, state).query(supportQuery));
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT.refused) return undefined;
    throw error;
  }
}

/** Undefined in the moment before the rollout has begun to answer. */
async function progressOf(client: Client, name: string): Promise<RolloutProgress | undefined> {
  try {
    return await answered(client, () => client.workflow.getHandle(rolloutId(name, 1)).query(progressQuery));
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT.refused) return undefined;
    throw error;
  }
}

/** The gate's own account of itself; undefined in the moment before it has begun to answer. */
export async function gateAt(client: Client, workflowId: string): Promise<GateStatus | undefined> {
  try {
    return await answered(client, () => client.workflow.getHandle(workflowId).query(gateQuery));
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === EXIT.refused) return undefined;
    throw error;
  }
}

/** Waits for the end; the closing document is the workflow's result. */
export function closingOf(client: Client, name: string): Promise<ClosingDocument> {
  return client.workflow.getHandle<typeof engagement>(engagementId(name)).result();
}
