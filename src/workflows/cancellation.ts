import { CancellationScope, setHandler } from '@temporalio/workflow';
import { refuseCancellation } from '../domain/cancellation.ts';
import type { EngagementState } from '../domain/engagement.ts';
import { commandRefused } from '../domain/errors.ts';
import { records } from './activities.ts';
import { cancelUpdate } from './messages.ts';

/** Cancels as the server would, but keeps who and why. */
export function cancellable(state: EngagementState): void {
  const all = CancellationScope.current();
  setHandler(
    cancelUpdate,
    (input) => {
      state.cancelled = { ...input, at: new Date().toISOString() };
      all.cancel();
      return state.cancelled;
    },
    {
      description: 'Take the candidate out of the traffic, close the engagement and end it',
      validator: (input) => {
        const reason = refuseCancellation(state, input);
        if (reason) throw commandRefused(reason);
      },
    }
  );
  if (state.cancelled) all.cancel(); // it came when the history was about to begin anew
}

export async function recordCancellation({ spec, phase, cancelled }: EngagementState): Promise<void> {
  const entry = { event: 'cancellation', kind: 'cancellation', body: { phase, ...cancelled } } as const;
  await records.writeJournal({ engagement: spec.engagement, ...entry });
}
