import type { ReactNode } from 'react';
import type { View } from '../../src/server/view.ts';
import { Journal } from './journal.tsx';
import { useEngagement } from './live.ts';
import { Alert, Page } from './parts.tsx';
import { Link } from './route.tsx';

/** A page of an engagement, or of a part of it. Where no worker answers it says so and shows what needs none. */
export function OfEngagement({
  name,
  part,
  children,
}: {
  name: string;
  part?: string;
  children: (view: View) => ReactNode;
}) {
  const { parts, trouble } = useEngagement(name);
  const { document, now } = parts;
  const title = part ? `${name}: ${part}` : name;
  if (!document || !now)
    return (
      <Page title={title}>
        {trouble ? (
          <>
            <Alert>Its figures are missing: {trouble}.</Alert>
            <Journal name={name} version={trouble} />
          </>
        ) : (
          <p>Loading…</p>
        )}
      </Page>
    );
  return (
    <Page title={title} eyebrow={`${document.client} · ${document.modelName} · ${document.package}`}>
      {part && (
        <p>
          <Link href={`/engagements/${name}`}>The whole engagement</Link>
        </p>
      )}
      {trouble && <Alert>{trouble}</Alert>}
      {children({ document, now })}
    </Page>
  );
}
