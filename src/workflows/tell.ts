import { ActivityFailure, isCancellation, log } from '@temporalio/workflow';
import type { NotifyInput } from '../report/message.ts';
import { notification } from './activities.ts';

/** Tells people by every channel there is. What cannot be delivered stands as a failed activity in the history and stops nothing. */
export async function tell(input: NotifyInput, subject: string): Promise<void> {
  try {
    await notification.notify.executeWithOptions({ summary: `${input.kind} ${subject}` }, [input]);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    log.warn('a message could not be delivered', { kind: input.kind, subject });
  }
}
