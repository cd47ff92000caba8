import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { engagementId } from '../domain/ids.ts';
import { answered } from './connection.ts';

/** An activity under way in an engagement or in one of its children, with how far it said it is. */
export interface ActivityProgress {
  workflowId: string;
  activity: string;
  attempt: number;
  stage?: string;
  done?: number;
  total?: number;
  lastFailure?: string;
}

/** What is being worked on right now, from the heartbeats; a retry shows what the attempt before it died of. */
export async function activitiesOf(client: Client, name: string): Promise<ActivityProgress[]> {
  const own = await answered(client, () => client.workflow.getHandle(engagementId(name)).describe());
  const children = (own.raw.pendingChildren ?? []).map(({ workflowId }) => workflowId!);
  const descriptions = await Promise.all(children.map((id) => client.workflow.getHandle(id).describe()));
  return [own, ...descriptions].flatMap(({ workflowId, raw }) =>
    (raw.pendingActivities ?? []).map((pending) => {
      const payload = pending.heartbeatDetails?.payloads?.[0];
      const beat = payload ? defaultPayloadConverter.fromPayload<Partial<ActivityProgress> | null>(payload) : null;
      const { stage, done, total } = beat ?? {};
      const lastFailure = pending.lastFailure?.message ?? undefined;
      return {
        workflowId,
        activity: pending.activityType!.name!,
        attempt: pending.attempt!,
        stage,
        done,
        total,
        lastFailure,
      };
    })
  );
}

/** One line such as `int8-static: quantizeCandidate, calibrate 120/1000`. */
export function progressLine(activities: ActivityProgress[]): string {
  return activities
    .map(({ workflowId, activity, attempt, stage, done, total, lastFailure }) => {
      const [, , kind, subject] = workflowId.split('/');
      const whose = kind === 'candidate' ? `${subject}: ` : '';
      const counted = total ? `, ${stage ? `${stage} ` : ''}${done}/${total}` : '';
      const again = attempt > 1 ? `, attempt ${attempt}${lastFailure ? ` after: ${lastFailure}` : ''}` : '';
      return `${whose}${activity}${counted}${again}`;
    })
    .join('; ');
}
