import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { type Cancellation, type CancellationInput, refuseCancellation } from '../domain/cancellation.ts';
import type { Decision, GateStatus } from '../domain/decision.ts';
import type { ClosingDocument, EngagementState, SourceFiles } from '../domain/engagement.ts';
import { lastWords } from '../domain/errors.ts';
import { engagementId, QUEUES, rolloutId, supportId } from '../domain/ids.ts';
import { PACKAGES } from '../domain/packages.ts';
import { nextName } from '../domain/proposed-spec.ts';
import type { Spec } from '../domain/spec.ts';
import type { Check } from '../domain/verdict.ts';
import { engagement } from '../workflows/engagement.ts';
import {
  cancelUpdate,
  commandUpdate,
  engagementQuery,
  progressQuery,
  type RolloutCommandInput,
  type RolloutProgress,
  type SupportProgress,
  supportQuery,
} from '../workflows/messages.ts';
import { kickOffAttributes, kickOffMemo } from '../workflows/search-attributes.ts';
import { answered } from './connection.ts';
import { CommandError, EXIT, NotFound, noSuchEngagement } from './errors.ts';
import { gateAt } from './gates.ts';
import { listEngagements } from './lists.ts';
import { checkRows } from './prepared.ts';
import { importFiles, type SpecFile } from './spec-file.ts';

/**
 * Starts an engagement on model and rows that it can use, and returns what a person will be asked about them; otherwise
 * starts nothing, and the name stays free.
 */
export async function kickOffChecked(
  client: Client,
  file: SpecFile,
  how: { artifacts: string; startedBy: string; onProgress?: (line: string) => void }
): Promise<Check[]> {
  const { engagement } = file.spec;
  const before = await earlier(client, engagement);
  if (before) throw exists(engagement, before);
  const checks = await checkRows(file, how.onProgress);
  await kickOff(client, file.spec, await importFiles(file, how.artifacts), how.startedBy);
  return checks;
}

/** Starts an engagement; a second start of the same name is refused. */
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
    throw exists(spec.engagement, await earlier(client, spec.engagement));
  }
}

/** The engagement of this name, in whatever state; undefined where there never was one. */
export async function earlier(client: Client, name: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(engagementId(name)).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

const exists = (name: string, found: WorkflowExecutionDescription | undefined): CommandError =>
  new CommandError(EXIT.refused, `engagement '${name}' ${standing(found)}`, anotherName(name));

/** What became of an engagement that stands in the way of another. */
export function standing(found: WorkflowExecutionDescription | undefined): string {
  if (!found?.closeTime) return 'exists already and is not closed';
  const verdict = found.typedSearchAttributes.get(defineSearchAttributeKey('Verdict', 'KEYWORD'));
  const how = found.status.name === 'COMPLETED' && verdict ? `verdict ${verdict}` : found.status.name.toLowerCase();
  return `exists already: it ended on ${found.closeTime.toISOString().slice(0, 10)}, ${how}`;
}

/** Journal and report of the first keep its name. */
export const anotherName = (name: string): string =>
  `a name is used once, as journal and report keep it: give the new one another under 'engagement:', such as ` +
  `${nextName(name)}; \`stepdown status ${name}\` says what became of the first`;

export interface EngagementStatus {
  state: EngagementState;
  /** How it was ended from outside, without being closed. */
  cutOff?: string;
  rollout?: RolloutProgress;
  support?: SupportProgress;
  /** The open gate. */
  gate?: GateStatus;
  /** A gate that has been decided and whose decision is being recorded. */
  decided?: Decision;
}

/** Where an engagement stands, with its running rollout and its open gate. */
export async function statusOf(client: Client, name: string): Promise<EngagementStatus> {
  const handle = client.workflow.getHandle(engagementId(name));
  const [state, execution] = await Promise.all([
    answered(client, () => handle.query(engagementQuery)),
    answered(client, () => handle.describe()),
  ]).catch(unknownAs(client, name));
  const { name: standing } = execution.status;
  if (standing !== 'RUNNING' && state.phase !== 'closed') return { state, cutOff: standing.toLowerCase() };
  const isRollingOut = state.phase === 'rollout' && state.rollout === undefined;
  const rollout = isRollingOut ? await progressOf(client, name) : undefined;
  const support = state.phase === 'support' ? await supportOf(client, name, state) : undefined;
  const awaiting = state.awaiting ?? rollout?.awaiting;
  const gate = awaiting && (await gateAt(client, awaiting.workflowId));
  return gate?.decision ? { state, rollout, support, decided: gate.decision } : { state, rollout, support, gate };
}

/** Says which names there are where this one is not among them. */
export const unknownAs = (client: Client, name: string) => async (error: unknown) => {
  if (!(error instanceof NotFound)) throw error;
  throw noSuchEngagement(
    name,
    (await listEngagements(client)).map(({ engagement }) => engagement)
  );
};

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

/** What an operator says to the running rollout; refused where there is none, with what there is instead. */
export async function steer(client: Client, name: string, input: RolloutCommandInput): Promise<RolloutProgress> {
  const handle = client.workflow.getHandle(rolloutId(name, 1));
  try {
    return await answered(client, () => handle.executeUpdate(commandUpdate, { args: [input] }));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const { state } = await statusOf(client, name);
    throw new CommandError(EXIT.refused, noRollout(state), seeStatus(name));
  }
}

function noRollout({ spec: { engagement, package: bought }, phase, rollout }: EngagementState): string {
  const now = phase === 'closed' ? 'it is closed' : `it is in phase ${phase}`;
  if (rollout) return `the rollout of ${engagement} has ended (${rollout.verdict}); ${now}`;
  if (!PACKAGES[bought].rollsOut) return `${engagement} has no rollout: package ${bought} ends before it; ${now}`;
  return `${engagement} has no rollout${phase === 'closed' ? '' : ' yet'}; ${now}`;
}

/** Waits for the end; the closing document is the workflow's result. */
export async function closingOf(client: Client, name: string): Promise<ClosingDocument> {
  try {
    return await client.workflow.getHandle<typeof engagement>(engagementId(name)).result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { state } = await statusOf(client, name);
    const said = state.outcome ? `${state.outcome.verdict}. ${state.outcome.reason}` : lastWords(error);
    throw new CommandError(
      EXIT.unsuccessful,
      `${name} was ended from outside: ${said}`,
      `see \`stepdown report ${name}\``
    );
  }
}

/** Cancels it: the candidate leaves the traffic first, then it closes with a report. */
export async function cancel(client: Client, name: string, input: CancellationInput): Promise<Cancellation> {
  const { state } = await statusOf(client, name);
  const refusal = refuseCancellation(state, input);
  if (refusal) throw new CommandError(EXIT.refused, `${name} cannot be cancelled: ${refusal}`, seeStatus(name));
  const handle = client.workflow.getHandle(engagementId(name));
  return answered(client, () => handle.executeUpdate(cancelUpdate, { args: [input] }));
}

const seeStatus = (name: string): string => `see \`stepdown status ${name}\``;
