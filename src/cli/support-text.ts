import { countOf, type Incident } from '../domain/support.ts';
import type { SupportProgress } from '../workflows/messages.ts';

/** One line, without what changes at every look: a log repeats nothing. */
export function supportLine({ day, days, daysLeft, weeks, incidents }: SupportProgress): string {
  const open = incidents.filter(({ acknowledged }) => !acknowledged).length;
  return `day ${day} of ${days}, ${Math.ceil(daysLeft)} left, ${weeks} reports, ${countOf(incidents.length)}${open > 0 ? ` (${open} open)` : ''}`;
}

/** What people must look at, a line each. */
export function noteLines({ incidents, proposal }: Pick<SupportProgress, 'incidents' | 'proposal'>): string[] {
  const proposed = proposal
    ? [
        `proposed on day ${proposal.day}: engagement ${proposal.engagement}, ${proposal.specification}; ${proposal.reason}`,
      ]
    : [];
  return [...incidents.map(incidentLine), ...proposed];
}

function incidentLine({ number, kind, day, reason, acknowledged }: Incident): string {
  const state = acknowledged ? `acknowledged by ${acknowledged.by}: ${acknowledged.comment}` : 'open';
  return `incident ${number} (${kind}, day ${day}, ${state}): ${reason}`;
}
