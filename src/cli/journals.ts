import { readdirSync } from 'node:fs';
import type { Config } from '../config.ts';
import { Journal, type JournalEntry } from '../storage/journal.ts';
import { noSuchEngagement } from './errors.ts';

/** Of what has a journal in this folder; none where the folder is not there. */
export function journalNames(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((file) => (file.endsWith('.jsonl') ? file.replace(/\.jsonl$/, '') : []));
  } catch {
    return [];
  }
}

/** What happened in an engagement of this data directory. */
export async function entriesOf({ journals }: Config['folders'], name: string): Promise<JournalEntry[]> {
  const entries = await new Journal(journals, name).entries();
  if (entries.length === 0) throw noSuchEngagement(name, journalNames(journals));
  return entries;
}
