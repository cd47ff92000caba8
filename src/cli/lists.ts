import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { GateStatus } from '../domain/decision.ts';
import type { EngagementMemo, GateMemo } from '../domain/listed.ts';
import { CommandError } from './errors.ts';
import { gateAt } from './gates.ts';
import { refusedQuery } from './search-attributes.ts';

const GATES_AT_ONCE = 50; // each is a query that a worker answers
const ENGAGEMENTS = "(WorkflowType = 'engagement' AND ExecutionStatus != 'ContinuedAsNew')";
const OPEN_GATES = "(WorkflowType = 'approval' AND ExecutionStatus = 'Running')";
const CHANGED_AT = defineSearchAttributeKey('ChangedAt', 'DATETIME');

export interface EngagementLine {
  engagement: string;
  client: string;
  model: string;
  package: string;
  phase: string;
  awaitingGate: string | null;
  verdict: string | null;
  /** A month, projected; null in what was kicked off before lists had it. */
  saving: NonNullable<EngagementMemo['saving']> | null;
  startedAt: string;
  status: string;
}

/** A gate's workflow; what it says of itself is absent until it has begun, and where it was opened before lists had it. */
export interface ListedGate {
  workflowId: string;
  startedAt: string;
  isRunning: boolean;
  gate: GateStatus | undefined;
}

/** What Temporal's index knows, and when each changed last; no worker is asked. */
export interface Listed {
  engagements: { line: EngagementLine; changedAt: number }[];
  gates: { gate: ListedGate; changedAt: number }[];
}

/** All engagements and open gates; with `since`, the engagements and gates that began, changed or ended then or later. */
export async function listed(client: Client, since?: Date): Promise<Listed> {
  const from = since?.toISOString();
  const fresh = ['StartTime', 'CloseTime', 'ChangedAt'].map((moment) => `${moment} >= '${from}'`).join(' OR ');
  const query = from ? `WorkflowType IN ('engagement', 'approval') AND (${fresh})` : `${ENGAGEMENTS} OR ${OPEN_GATES}`;
  const found: Listed = { engagements: [], gates: [] };
  try {
    for await (const execution of client.workflow.list({ query })) {
      const changedAt = lastChange(execution);
      if (execution.type === 'approval') found.gates.push({ gate: gateOf(execution), changedAt });
      else if (execution.status.name !== 'CONTINUED_AS_NEW')
        found.engagements.push({ line: lineOf(execution), changedAt });
    }
  } catch (error) {
    throw refusedQuery(error, client.options.namespace);
  }
  return found;
}

/** All engagements within the namespace's retention, newest first. */
export async function listEngagements(client: Client): Promise<EngagementLine[]> {
  const lines: EngagementLine[] = [];
  for await (const execution of client.workflow.list({ query: ENGAGEMENTS })) lines.push(lineOf(execution));
  return lines.sort(newestFirst);
}

export const newestFirst = (a: { startedAt: string }, b: { startedAt: string }) =>
  b.startedAt.localeCompare(a.startedAt);

/** Every gate that waits for somebody, across engagements. */
export async function openGates(client: Client): Promise<GateStatus[]> {
  const found: ListedGate[] = [];
  for await (const execution of client.workflow.list({ query: OPEN_GATES })) found.push(gateOf(execution));
  const asked = found.filter(({ gate }) => !gate).map(({ workflowId }) => workflowId);
  const gates = [...found.map(({ gate }) => gate), ...(await gatesAt(client, asked))];
  return gates.flatMap((gate) => (gate && !gate.decision ? gate : []));
}

/** What gates say of themselves that lists do not know, not all asked at once; one that cannot be asked is told to `missed`. */
export async function gatesAt(
  client: Client,
  ids: string[],
  missed?: (id: string, why: CommandError) => void
): Promise<(GateStatus | undefined)[]> {
  const gates: (GateStatus | undefined)[] = [];
  for (let from = 0; from < ids.length; from += GATES_AT_ONCE)
    gates.push(
      ...(await Promise.all(
        ids.slice(from, from + GATES_AT_ONCE).map((id) =>
          gateAt(client, id).catch((error: unknown) => {
            if (!missed || !(error instanceof CommandError)) throw error;
            missed(id, error);
            return undefined;
          })
        )
      ))
    );
  return gates;
}

function lineOf(found: WorkflowExecutionInfo): EngagementLine {
  const attribute = (name: string) =>
    found.typedSearchAttributes.get(defineSearchAttributeKey(name, 'KEYWORD')) ?? null;
  return {
    engagement: attribute('Engagement') ?? found.workflowId,
    client: attribute('Client') ?? '',
    model: attribute('ModelName') ?? '',
    package: attribute('Package') ?? '',
    phase: attribute('Phase') ?? '',
    awaitingGate: attribute('AwaitingGate'),
    verdict: attribute('Verdict'),
    saving: (found.memo as EngagementMemo | undefined)?.saving ?? null,
    startedAt: found.startTime.toISOString(),
    status: found.status.name.toLowerCase(),
  };
}

function gateOf({ workflowId, startTime, status, memo }: WorkflowExecutionInfo): ListedGate {
  const { gate } = (memo ?? {}) as GateMemo;
  return { workflowId, startedAt: startTime.toISOString(), isRunning: status.name === 'RUNNING', gate };
}

function lastChange({ startTime, closeTime, typedSearchAttributes }: WorkflowExecutionInfo): number {
  const changedAt = typedSearchAttributes.get(CHANGED_AT);
  return Math.max(startTime.getTime(), closeTime?.getTime() ?? 0, changedAt?.getTime() ?? 0);
}
