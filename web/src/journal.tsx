import { useState } from 'react';
import { instant } from '../../src/report/format.ts';
import type { JournalEntry } from '../../src/storage/journal.ts';
import { useLoaded } from './live.ts';

const SHOWN = 25;

/** What happened, the latest first; every entry carries the hash of the one before. */
export function Journal({ name, version }: { name: string; version: unknown }) {
  const { value, trouble } = useLoaded<{ entries: JournalEntry[] }>(`/api/engagements/${name}/journal`, version);
  const [shown, setShown] = useState(SHOWN);
  const entries = [...(value?.entries ?? [])].reverse();
  return (
    <section aria-labelledby="journal">
      <h2 id="journal">Journal</h2>
      {trouble && <p className="absent">{trouble.message}</p>}
      <ol className="journal" reversed start={entries.length}>
        {entries.slice(0, shown).map((entry) => (
          <li key={entry.sequence}>
            <details>
              <summary>
                {entry.event} <time dateTime={entry.at}>{instant(entry.at)}</time>
              </summary>
              <pre>
                <code>{JSON.stringify(entry.body, null, 1)}</code>
              </pre>
              <small>sha256 {entry.hash}</small>
            </details>
          </li>
        ))}
      </ol>
      {entries.length > shown && (
        <button type="button" onClick={() => setShown(entries.length)}>
          Show all {entries.length}
        </button>
      )}
    </section>
  );
}
