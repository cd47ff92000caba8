import { type FormEvent, useEffect, useState } from 'react';
import type { PortfolioRow } from '../../../src/cli/portfolios.ts';
import type { PortfolioDocument, PortfolioLine } from '../../../src/domain/portfolio-document.ts';
import { span } from '../../../src/report/format.ts';
import { dollars } from '../../../src/report/money.ts';
import { post } from '../api.ts';
import { useLoaded } from '../live.ts';
import { Ago, Chip, Heads, Page, Refusal, useSending } from '../parts.tsx';
import { Link } from '../route.tsx';
import { useMay } from '../session.ts';

const LOOK_MS = 5_000;

/** All portfolios, or one: several models that share places and a search budget. */
export default function PortfoliosPage({ name }: { name: string | undefined }) {
  return name ? <OnePortfolio name={name} /> : <AllPortfolios />;
}

function AllPortfolios() {
  const { value, trouble } = useLoaded<{ portfolios: PortfolioRow[] }>('/api/portfolios');
  return (
    <Page title="Portfolios">
      <Refusal trouble={trouble} />
      {!value && !trouble && <p>Loading…</p>}
      {value?.portfolios.length === 0 && (
        <p>
          None yet. Several models of package enterprise can share places and a search budget:{' '}
          <code>npx stepdown portfolio start my/portfolio.yaml</code>.
        </p>
      )}
      <ul className="cards">
        {value?.portfolios.map(({ portfolio, client, status, startedAt }) => (
          <li key={portfolio}>
            <Link href={`/portfolios/${portfolio}`}>{portfolio}</Link>
            <small>
              {client && `${client} · `}
              {status}, started <Ago at={startedAt} /> ago
            </small>
          </li>
        ))}
      </ul>
    </Page>
  );
}

function OnePortfolio({ name }: { name: string }) {
  const [look, setLook] = useState(0);
  const lookAgain = () => setLook((last) => last + 1);
  useEffect(() => {
    const timer = setInterval(() => setLook((last) => last + 1), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const { value, trouble } = useLoaded<PortfolioDocument>(`/api/portfolios/${name}`, look);
  const mayStart = useMay('start');
  return (
    <Page title={`Portfolio ${name}`} eyebrow={value?.client}>
      <Refusal trouble={trouble} />
      {!value && !trouble && <p>Loading…</p>}
      {value && <Figures document={value} />}
      {value && <Models lines={value.engagements} />}
      {value && mayStart && ['running', 'paused', 'budget used up'].includes(value.standing) && (
        <Orders document={value} onDone={lookAgain} />
      )}
    </Page>
  );
}

function Figures({ document }: { document: PortfolioDocument }) {
  const { standing, inWork, concurrency, budget, saving, engagements, next } = document;
  return (
    <dl className="tiles">
      <div>
        <dt>Stands</dt>
        <dd className="figure">{standing}</dd>
        <dd>
          {inWork} of {concurrency} places taken
        </dd>
      </div>
      <div>
        <dt>Search budget</dt>
        <dd className="figure">{budget ? span(budget.usedMs) : 'no limit'}</dd>
        {budget && (
          <dd>
            used of {span(budget.givenMs)}; {span(budget.heldMs)} held, {span(budget.freeMs)} left
          </dd>
        )}
      </div>
      <div>
        <dt>Saving a month, projected</dt>
        <dd className="figure">{saving ? dollars(saving.p50) : 'none known'}</dd>
        <dd>
          {saving
            ? `${dollars(saving.p10)} to ${dollars(saving.p90)}; ${saving.of} of ${engagements.length} models`
            : 'no candidate with prices serves yet'}
        </dd>
      </div>
      {next && (
        <div>
          <dt>Not started, promises most</dt>
          <dd className="figure">{next.engagement}</dd>
          {next.projected && <dd>{dollars(next.projected.p50)} a month by published speed-ups</dd>}
        </div>
      )}
    </dl>
  );
}

function Models({ lines }: { lines: PortfolioLine[] }) {
  return (
    <table className="stack" aria-label="Engagements, in their order">
      <Heads titles={['Engagement', 'Stands at', 'Saving a month', 'Search used']} />
      <tbody>
        {lines.map(({ engagement, modelName, state, phase, verdict, reason, startedAt, saving, serves, spentMs }) => (
          <tr key={engagement}>
            <th scope="row">
              {startedAt ? <Link href={`/engagements/${engagement}`}>{engagement}</Link> : engagement}
              <small>{modelName}</small>
            </th>
            <td data-label="Stands at">
              <div>
                {state === 'running' ? phase : state} {verdict && <Chip verdict={verdict} />}
                {verdict && verdict !== 'successful' && <small>{reason}</small>}
              </div>
            </td>
            <td data-label="Saving a month">
              <div>
                {saving ? dollars(saving.p50) : <span className="absent">not known</span>}
                {saving && !serves && <small>does not serve, not counted</small>}
              </div>
            </td>
            <td data-label="Search used">
              <div>{span(spentMs)}</div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Orders({ document, onDone }: { document: PortfolioDocument; onDone: () => void }) {
  const { portfolio, standing, concurrency } = document;
  const [places, setPlaces] = useState(String(concurrency));
  const [budget, setBudget] = useState('');
  const [comment, setComment] = useState('');
  const [order, setOrder] = useState<[string, object]>(['', {}]);
  const { send, isSending, trouble } = useSending((key) =>
    post(`/api/portfolios/${portfolio}/${order[0]}`, { comment, ...order[1] }, key)
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each order
  useEffect(() => {
    if (order[0]) void send().then((answer) => answer && onDone());
  }, [order]);
  const submit = (command: string, body: object) => (event: FormEvent) => {
    event.preventDefault();
    setOrder([command, body]);
  };
  const pause = standing === 'paused' ? 'resume' : 'pause';
  return (
    <section aria-labelledby="orders">
      <h2 id="orders">Change</h2>
      <label>
        Why <input value={comment} maxLength={4000} onChange={(event) => setComment(event.target.value)} />
      </label>
      <form className="stacked" onSubmit={submit('concurrency', { concurrency: Number(places) })}>
        <label>
          Places
          <input type="number" min={1} value={places} onChange={(event) => setPlaces(event.target.value)} />
        </label>
        <button type="submit" disabled={isSending}>
          Change the places
        </button>
      </form>
      <form className="stacked" onSubmit={submit('budget', { budget })}>
        <label>
          Search budget of all together
          <input required placeholder="20 hours" value={budget} onChange={(event) => setBudget(event.target.value)} />
        </label>
        <button type="submit" disabled={isSending}>
          Change the budget
        </button>
      </form>
      <div className="buttons">
        <button type="button" disabled={isSending} onClick={submit(pause, {})}>
          {pause === 'pause' ? 'Pause' : 'Resume'}
        </button>
        <button type="button" disabled={isSending} onClick={submit('close', {})}>
          Leave out the rest
        </button>
      </div>
      <Refusal trouble={trouble} />
    </section>
  );
}
