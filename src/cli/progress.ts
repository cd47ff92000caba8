import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityProgress } from '../domain/activity-progress.ts';
import { engagementId } from '../domain/ids.ts';
import { answered } from './connection.ts';
import { unknownAs } from './engagements.ts';

type Pending = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type Moment = Pending['scheduledTime'];

/** temporal.api.enums.v1.PendingActivityState */
const SCHEDULED = 1;
const STARTED = 2;
/** A worker that has nothing else to do takes an activity at once. */
const AT_ONCE_MS = 3_000;
const AT_WORK = "ExecutionStatus = 'Running' AND WorkflowType IN ('engagement', 'candidate') AND AwaitingGate IS NULL";
const ASKED = 30; // of what is at work; with more, what is in the way may stay unnamed

/** What is being worked on right now, from the heartbeats; a retry shows what the attempt before it died of. */
export async function activitiesOf(client: Client, name: string): Promise<ActivityProgress[]> {
  const handle = client.workflow.getHandle(engagementId(name));
  const own = await answered(client, () => handle.describe()).catch(unknownAs(client, name));
  const children = (own.raw.pendingChildren ?? []).map(({ workflowId }) => workflowId!);
  const descriptions = await described(client, children);
  const found = [own, ...descriptions].flatMap(({ workflowId, raw }) =>
    (raw.pendingActivities ?? []).map((pending) => ({ pending, progress: progressOf(workflowId, pending) }))
  );
  const busy = found.some(({ progress }) => progress.waiting) ? await atWork(client) : [];
  return found.map(({ pending, progress }) => {
    if (!progress.waiting) return progress;
    const behind = ahead(busy, pending);
    return { ...progress, waiting: { ...progress.waiting, ...(behind && { behind }) } };
  });
}

function progressOf(workflowId: string, pending: Pending): ActivityProgress {
  const payload = pending.heartbeatDetails?.payloads?.[0];
  const beat = payload ? defaultPayloadConverter.fromPayload<Partial<ActivityProgress> | null>(payload) : null;
  const { stage, done, total } = beat ?? {};
  const lastFailure = pending.lastFailure?.message ?? undefined;
  const scheduledMs = millis(pending.scheduledTime);
  const waits = Number(pending.state) === SCHEDULED && Date.now() - scheduledMs > AT_ONCE_MS;
  return {
    workflowId,
    activity: pending.activityType!.name!,
    attempt: pending.attempt!,
    stage,
    done,
    total,
    lastFailure,
    ...(waits && { waiting: { since: new Date(scheduledMs).toISOString() } }),
  };
}

async function atWork(client: Client): Promise<WorkflowExecutionDescription[]> {
  const busy: string[] = [];
  await answered(client, async () => {
    for await (const { workflowId } of client.workflow.list({ query: AT_WORK, pageSize: ASKED })) {
      busy.push(workflowId);
      if (busy.length === ASKED) break;
    }
  });
  return described(client, busy);
}

const described = (client: Client, ids: string[]): Promise<WorkflowExecutionDescription[]> =>
  answered(client, () => Promise.all(ids.map((id) => client.workflow.getHandle(id).describe())));

/** What a worker of the same queue is busy with: measurements and toolkits have their host to themselves. */
function ahead(busy: WorkflowExecutionDescription[], { activityOptions }: Pending) {
  const queue = activityOptions?.taskQueue?.name;
  for (const { workflowId, raw } of busy)
    for (const other of raw.pendingActivities ?? [])
      if (Number(other.state) === STARTED && queue && other.activityOptions?.taskQueue?.name === queue)
        return {
          engagement: workflowId.split('/')[1]!,
          activity: other.activityType!.name!,
          since: new Date(millis(other.lastStartedTime)).toISOString(),
        };
  return undefined;
}

const millis = (moment: Moment): number => Number(moment?.seconds ?? 0) * 1_000 + (moment?.nanos ?? 0) / 1e6;
