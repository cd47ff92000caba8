import { type FormEvent, useState } from 'react';
import { GUARDS, type Guard, type Incident, shareOfBound } from '../../src/domain/support.ts';
import { waitingText } from '../../src/domain/waiting.ts';
import { instant } from '../../src/report/format.ts';
import type { SupportProgress } from '../../src/workflows/messages.ts';
import { post } from './api.ts';
import { Refusal, useSending } from './parts.tsx';
import { useMay } from './session.ts';

const NAMES: Record<Guard, string> = {
  'labelled-worse': 'Accuracy',
  disagreement: 'Disagreement',
  'error-rate': 'Errors',
};

/** The window after the rollout: days left, how near each detector is to its bound, incidents. */
export function Support({ engagement, progress }: { engagement: string; progress: SupportProgress }) {
  const { day, days, daysLeft, weeks, evidence, incidents, times, proposal } = progress;
  const maySteer = useMay('steer');
  return (
    <section aria-labelledby="support-window">
      <h2 id="support-window">Support</h2>
      <p>
        Day {day} of {days}, {daysLeft} left; {weeks} {weeks === 1 ? 'report' : 'reports'} written.
      </p>
      {evidence && (
        <dl className="tiles">
          {GUARDS.map((guard) => (
            <div key={guard}>
              <dt>{NAMES[guard]}</dt>
              <dd className="figure">{shareOfBound(evidence[guard])}</dd>
              <dd>of its bound</dd>
            </div>
          ))}
        </dl>
      )}
      {times && <p>Clients waited, since the window began: {waitingText(times)}.</p>}
      {incidents.length > 0 && (
        <ul className="cards">
          {incidents.map((incident) => (
            <OneIncident key={incident.number} {...{ engagement, incident, maySteer }} />
          ))}
        </ul>
      )}
      {proposal && (
        <p>
          <strong>Engagement {proposal.engagement} is proposed</strong> since day {proposal.day}: {proposal.reason}. Its
          specification is <code>{proposal.specification}</code>; a person starts it.
        </p>
      )}
      {maySteer && (
        <div className="buttons">
          <Said engagement={engagement} command="open" title="Record an incident" ask="What was found" />
          <Said engagement={engagement} command="rollback" title="Roll back" ask="Why, for good" />
        </div>
      )}
    </section>
  );
}

function OneIncident(input: { engagement: string; incident: Incident; maySteer: boolean }) {
  const { engagement, incident, maySteer } = input;
  const { number, day, kind, openedAt, reason, acknowledged } = incident;
  return (
    <li>
      <strong>
        Incident {number}: {kind}
      </strong>{' '}
      on day {day}, {instant(openedAt)}
      <p>{reason}</p>
      {acknowledged ? (
        <p>
          ✓ {acknowledged.by}: {acknowledged.comment}
        </p>
      ) : (
        maySteer && (
          <Said {...{ engagement, incident: number }} command="acknowledge" title="Acknowledge" ask="What it was" />
        )
      )}
    </li>
  );
}

function Said(input: { engagement: string; command: string; title: string; ask: string; incident?: number }) {
  const { engagement, command, title, ask, incident } = input;
  const [isOpen, setOpen] = useState(false);
  const [comment, setComment] = useState('');
  const { send, isSending, trouble } = useSending((key) =>
    post(`/api/engagements/${engagement}/support/${command}`, { comment, incident }, key)
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!(await send())) return;
    setOpen(false);
    setComment('');
  };
  return (
    <div>
      <button type="button" className={command} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {title}
      </button>
      {isOpen && (
        <form className="stacked confirm" onSubmit={(event) => void submit(event)}>
          <label>
            {ask}
            <input value={comment} required maxLength={4000} onChange={(event) => setComment(event.target.value)} />
          </label>
          <button type="submit" className={command} disabled={isSending}>
            {title} now
          </button>
        </form>
      )}
      <Refusal trouble={trouble} />
    </div>
  );
}
