import type { ArtifactRef } from '../domain/artifact.ts';
import type { EngagementInput } from '../domain/engagement.ts';
import type { Economics } from '../domain/serving-cost.ts';
import type { JournalEntry } from '../storage/journal.ts';

/** Undefined while the engagement runs. */
export const closedDocument = (entries: JournalEntry[]): ArtifactRef | undefined =>
  bodyOf<{ document?: ArtifactRef }>(entries, 'closing')?.document;

/** Traffic and prices as they were at kick-off. */
export const economicsAtKickOff = (entries: JournalEntry[]): Economics | undefined =>
  bodyOf<Partial<EngagementInput>>(entries, 'kick-off')?.sources?.economics;

const bodyOf = <T>(entries: JournalEntry[], kind: JournalEntry['kind']): T | undefined =>
  entries.find((entry) => entry.kind === kind)?.body as T | undefined;
