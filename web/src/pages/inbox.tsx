import { describeFirst } from '../../../src/domain/decision.ts';
import { instant } from '../../../src/report/format.ts';
import type { GateLine, Portfolio } from '../../../src/server/portfolio.ts';
import { useLoaded } from '../live.ts';
import { Ago, Chip, NotKnown, Page, useFirst } from '../parts.tsx';
import { Link } from '../route.tsx';
import { useSession, waitsForMe } from '../session.ts';

export function InboxPage({ portfolio }: { portfolio: Portfolio | undefined }) {
  const session = useSession();
  if (!portfolio) return <Page title="Inbox">Loading…</Page>;
  const { gates, missing } = portfolio;
  const mine = gates.filter((gate) => waitsForMe(gate, session));
  const others = gates.filter((gate) => !waitsForMe(gate, session));
  return (
    <Page title="Inbox">
      <NotKnown missing={missing} />
      <h2>{session.isOwner ? 'Open decisions' : 'Waiting for you'}</h2>
      {mine.length > 0 ? <Gates gates={mine} /> : <p className="absent">Nothing waits for a decision of yours.</p>}
      {others.length > 0 && (
        <>
          <h2>Waiting for others</h2>
          <Gates gates={others} />
        </>
      )}
      <Mails />
    </Page>
  );
}

function Gates({ gates }: { gates: GateLine[] }) {
  const { first, more } = useFirst(
    gates.toSorted((a, b) => a.dueAt.localeCompare(b.dueAt)),
    'gates'
  );
  return (
    <>
      <ul className="cards">
        {first.map((gate) => (
          <li key={gate.workflowId}>
            <Link href={`/engagements/${gate.engagement}/gates/${gate.gate}`}>
              {gate.engagement}: gate {gate.gate}
            </Link>{' '}
            <Chip verdict={gate.verdict} />
            <p>
              {gate.client} · {gate.modelName}. Open since <Ago at={gate.openedAt} />, due {instant(gate.dueAt)}
              {gate.remindersSent > 0 && `, reminded ${gate.remindersSent} times`}.
            </p>
            <p>For {gate.approvers.map(({ name }) => name).join(' or ')}.</p>
            {gate.first && <p>{describeFirst(gate.first)}.</p>}
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}

/** Names only: what is in a mail is its recipient's, the link that decides above all. */
function Mails() {
  const { value } = useLoaded<{ mails: string[] }>('/api/outbox');
  if (!value || value.mails.length === 0) return null;
  return (
    <details>
      <summary>{value.mails.length} messages were kept here instead of sent</summary>
      <ul>
        {value.mails.slice(0, 50).map((name) => (
          <li key={name}>
            <code>{name}</code>
          </li>
        ))}
      </ul>
    </details>
  );
}
