import { useState } from 'react';
import type { EngagementLine } from '../../../src/cli/engagements.ts';
import type { ServingCost } from '../../../src/domain/serving-cost.ts';
import type { Verdict } from '../../../src/domain/verdict.ts';
import { dollars } from '../../../src/report/money.ts';
import type { GateLine, Portfolio } from '../../../src/server/routes/events.ts';
import { useLoaded } from '../live.ts';
import { Ago, Chip, NotKnown, Page } from '../parts.tsx';
import { Link } from '../route.tsx';

const SHOWN = 50;

export function PortfolioPage({ portfolio }: { portfolio: Portfolio | undefined }) {
  const [wanted, setWanted] = useState('');
  const [shown, setShown] = useState(SHOWN);
  if (!portfolio) return <Page title="Portfolio">Loading…</Page>;
  const gates = new Map(portfolio.gates.map((gate) => [gate.engagement, gate]));
  const found = portfolio.engagements.filter((line) =>
    [line.engagement, line.client, line.model, line.phase].some((text) =>
      text.toLowerCase().includes(wanted.toLowerCase())
    )
  );
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
        </label>
      )}
      {found.length > 0 && (
        <table className="stack" aria-label="Engagements, newest first">
          <thead>
            <tr>
              {['Engagement', 'Phase', 'Waiting for', 'Saving a month', 'Started'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((line) => (
              <Row key={line.engagement} line={line} gate={gates.get(line.engagement)} />
            ))}
          </tbody>
        </table>
      )}
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          Show {Math.min(SHOWN, found.length - shown)} more of {found.length}
        </button>
      )}
    </Page>
  );
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
          <Saving engagement={engagement} version={`${phase} ${gate?.gate}`} />
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

function Saving({ engagement, version }: { engagement: string; version: string }) {
  const { value, trouble } = useLoaded<{ cost: ServingCost | null }>(`/api/engagements/${engagement}/cost`, version);
  if (trouble)
    return (
      <span className="absent">
        not known<small>{trouble.message}</small>
      </span>
    );
  const returns = value?.cost?.returns;
  if (!value) return <span className="absent">…</span>;
  if (!returns) return <span className="absent">{value.cost ? 'not measured yet' : 'no prices given'}</span>;
  const { p10, p50, p90 } = returns;
  return (
    <>
      {dollars(p50.savingUsdPerMonth)}
      <small>
        projected; {dollars(p10.savingUsdPerMonth)} to {dollars(p90.savingUsdPerMonth)}
      </small>
    </>
  );
}
