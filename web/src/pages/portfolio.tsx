import { useState } from 'react';
import type { EngagementLine } from '../../../src/cli/lists.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { dollars } from '../../../src/report/money.ts';
import type { GateLine, Portfolio } from '../../../src/server/portfolio.ts';
import { Ago, Chip, Heads, NotKnown, Page, useFirst } from '../parts.tsx';
import { Link } from '../route.tsx';

export function PortfolioPage({ portfolio }: { portfolio: Portfolio | undefined }) {
  const [wanted, setWanted] = useState('');
  const gates = new Map(portfolio?.gates.map((gate) => [gate.engagement, gate]));
  const asked = wanted.trim().toLowerCase();
  const all = portfolio?.engagements ?? [];
  const isFound = (line: EngagementLine) =>
    textsOf(line, gates.get(line.engagement)).some((text) => text.toLowerCase().includes(asked));
  const found = asked ? all.filter(isFound) : all;
  const { first, more } = useFirst(found, 'engagements');
  if (!portfolio) return <Page title="Portfolio">Loading…</Page>;
  return (
    <Page title="Portfolio">
      <p>
        {portfolio.engagements.length} {portfolio.engagements.length === 1 ? 'engagement' : 'engagements'},{' '}
        {portfolio.gates.length} waiting for a decision.
      </p>
      <NotKnown missing={portfolio.missing} />
      {portfolio.engagements.length === 0 ? (
        <p>
          Kick one off with <Link href="/new">a specification</Link>, or with{' '}
          <code>npx stepdown start my/engagement.yaml</code>.
        </p>
      ) : (
        <label className="filter">
          Find
          <input type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} />
          <small role="status">{asked && `${found.length} found`}</small>
        </label>
      )}
      {found.length > 0 && (
        <table className="stack" aria-label="Engagements, newest first">
          <Heads titles={['Engagement', 'Phase', 'Waiting for', 'Saving a month', 'Started']} />
          <tbody>
            {first.map((line) => (
              <Row key={line.engagement} line={line} gate={gates.get(line.engagement)} />
            ))}
          </tbody>
        </table>
      )}
      {more}
    </Page>
  );
}

/** What a line is found by. */
function textsOf({ engagement, client, model, phase, verdict }: EngagementLine, gate: GateLine | undefined): string[] {
  const people = gate?.approvers.flatMap(({ name, email }) => [name, email]) ?? [];
  return [engagement, client, model, phase, verdict ?? '', ...(gate ? [`gate ${gate.gate}`, ...people] : [])];
}

function Row({ line, gate }: { line: EngagementLine; gate: GateLine | undefined }) {
  const { engagement, client, model, phase, verdict, status, startedAt } = line;
  return (
    <tr>
      <th scope="row">
        <Link href={`/engagements/${engagement}`}>{engagement}</Link>
        <small>
          {client} · {model} · {line.package}
        </small>
      </th>
      <td data-label="Phase">
        <div>
          {phase} {verdict && <Chip verdict={verdict as Verdict} />}
          {!['running', 'completed'].includes(status) && <small>{status}</small>}
        </div>
      </td>
      <td data-label="Waiting for">
        <div>{gate ? <Waiting gate={gate} /> : <Unheard engagement={engagement} gate={line.awaitingGate} />}</div>
      </td>
      <td data-label="Saving a month">
        <div>
          <Saving saving={line.saving} />
        </div>
      </td>
      <td data-label="Started">
        <div>
          <Ago at={startedAt} /> ago
        </div>
      </td>
    </tr>
  );
}

function Waiting({ gate }: { gate: GateLine }) {
  const { approvers, first, engagement, openedAt } = gate;
  const open = approvers.filter(({ email }) => email !== first?.by);
  return (
    <>
      <Link href={`/engagements/${engagement}/gates/${gate.gate}`}>gate {gate.gate}</Link>
      <small>
        {open.map(({ name }) => name).join(' or ')}, since <Ago at={openedAt} />
      </small>
    </>
  );
}

/** The index knows that it waits and where; for whom, its worker would say. */
function Unheard({ engagement, gate }: { engagement: string; gate: string | null }) {
  if (!gate) return <span className="absent">nobody</span>;
  return (
    <>
      <Link href={`/engagements/${engagement}/gates/${gate}`}>gate {gate}</Link>
      <small className="absent">for whom is not known</small>
    </>
  );
}

function Saving({ saving }: Pick<EngagementLine, 'saving'>) {
  if (saving === null || typeof saving === 'string') return <span className="absent">{saving ?? 'on its page'}</span>;
  return (
    <>
      {dollars(saving.p50)}
      <small>
        projected; {dollars(saving.p10)} to {dollars(saving.p90)}
      </small>
    </>
  );
}
