import type { EngagementState } from './engagement.ts';

/** What ends an engagement before its closing report would. */
export interface CancellationInput {
  by: string;
  comment: string;
}

export interface Cancellation extends CancellationInput {
  at: string;
}

/** Returns why an engagement cannot be cancelled, or undefined when it can. */
export function refuseCancellation(
  { phase, outcome, cancelled }: Pick<EngagementState, 'phase' | 'outcome' | 'cancelled'>,
  { by, comment }: CancellationInput
): string | undefined {
  if (!by?.trim()) return 'by is required: who says so?';
  if (!comment?.trim()) return 'a reason is required: why is it cancelled?';
  if (phase === 'closed') return `it is closed already${outcome ? `: ${outcome.verdict}, ${outcome.reason}` : ''}`;
  if (cancelled) return `it is being cancelled already, by ${cancelled.by}: ${cancelled.comment}`;
  return undefined;
}

export const cancelledIn = (phase: string, cancelled?: Cancellation): string =>
  cancelled ? `cancelled in phase ${phase} by ${cancelled.by}: ${cancelled.comment}` : `cancelled in phase ${phase}`;
