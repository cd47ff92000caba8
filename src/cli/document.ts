import type { Client } from '@temporalio/client';
import type { Config } from '../config.ts';
import { closingDocument } from '../domain/closing.ts';
import type { ClosingDocument, EngagementInput, EngagementState } from '../domain/engagement.ts';
import { closedDocument } from '../evidence/closed-document.ts';
import { ArtifactStore } from '../storage/artifacts.ts';
import { Journal, type JournalEntry } from '../storage/journal.ts';
import { withClient } from './connection.ts';
import { statusOf } from './engagements.ts';
import { entriesOf } from './journals.ts';

type Folders = Config['folders'];

/** Of a closed engagement, its document from the files alone; of one that runs, as it would be if it ended now. */
export async function documentOf(folders: Folders, name: string): Promise<ClosingDocument> {
  const entries = await entriesOf(folders, name);
  const closed = closedDocument(entries);
  if (closed) return new ArtifactStore(folders.artifacts).readJson<ClosingDocument>(closed);
  const { state } = await withClient((client: Client) => statusOf(client, name));
  return documentSoFar(new Journal(folders.journals, name).path, entries, state);
}

/** The closing document as it would be if the engagement ended now. */
export function documentSoFar(journal: string, entries: JournalEntry[], state: EngagementState): ClosingDocument {
  const { startedAt = '', sources } = (entries.find(({ kind }) => kind === 'kick-off')?.body ??
    {}) as Partial<EngagementInput>;
  const closing = entries.find(({ kind }) => kind === 'closing');
  const last = state.phases.at(-1);
  const document = closingDocument(
    {
      state,
      economics: sources?.economics,
      startedAt,
      endedAt: closing?.at ?? entries.at(-1)?.at ?? '',
      verdict: state.outcome?.verdict ?? last?.verdict ?? 'inconclusive',
      reason: state.outcome?.reason ?? last?.reason ?? `at work on ${state.phase}`,
    },
    { report: state.outcome?.report ?? '', journal }
  );
  return state.outcome ? document : { ...document, soFar: true };
}
