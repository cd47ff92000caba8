import { ActivityFailure, isCancellation, log, patched } from '@temporalio/workflow';
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

/** Messages on their way: a mail server that hangs must not hold up what watches the traffic. */
export class Outgoing {
  readonly #underWay = new Set<Promise<void>>();

  /** Goes on at once. */
  async send(input: NotifyInput, subject: string): Promise<void> {
    const sent = tell(input, subject);
    // 2026-11-27: each message was waited for; to be removed once no engagement from before is open
    if (!patched('messages-under-way')) return sent;
    const kept = sent.catch(() => {}).finally(() => this.#underWay.delete(kept)); // cancelled with the workflow, which says so
    this.#underWay.add(kept);
  }

  get isEmpty(): boolean {
    return this.#underWay.size === 0;
  }

  /** Resolves once each was delivered or given up. */
  async delivered(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
