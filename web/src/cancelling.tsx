import { useState } from 'react';
import { isInTraffic, mayCancel } from '../../src/server/people.ts';
import type { Now } from '../../src/server/view.ts';
import { post } from './api.ts';
import { Refusal, useSending } from './parts.tsx';
import { useSession } from './session.ts';

/** Ends the engagement for good. It asks first, and for a reason; the page then shows how it closes. */
export function Cancelling({ engagement, phase }: { engagement: string; phase: Now['phase'] }) {
  const session = useSession();
  const [isAsked, setAsked] = useState(false);
  const [comment, setComment] = useState('');
  const [isAccepted, setAccepted] = useState(false);
  const { send, isSending, trouble } = useSending((key) =>
    post(`/api/engagements/${engagement}/cancel`, { comment }, key)
  );
  if (phase === 'closed' || !mayCancel(session, phase)) return null;
  if (isAccepted) return <p role="status">It is being cancelled, and closes with its report.</p>;
  return (
    <section aria-labelledby="cancelling">
      <h2 id="cancelling">End it early</h2>
      <button type="button" className="rollback" aria-expanded={isAsked} onClick={() => setAsked(!isAsked)}>
        Cancel the engagement
      </button>
      {isAsked && (
        <form
          className="stacked confirm"
          onSubmit={(event) => {
            event.preventDefault();
            void send().then((answer) => answer && setAccepted(true));
          }}
        >
          <p>
            {isInTraffic(phase) ? 'The candidate leaves the traffic first; then the' : 'What is at work stops; the'}{' '}
            engagement closes with its report. This cannot be taken back.
          </p>
          <label>
            Why
            <input
              value={comment}
              onChange={(event) => setComment(event.target.value)}
              required
              pattern=".*\S.*"
              maxLength={4000}
            />
          </label>
          <button type="submit" className="rollback" disabled={isSending}>
            {isSending ? 'Sending…' : 'Cancel it now'}
          </button>
        </form>
      )}
      <Refusal trouble={trouble} />
    </section>
  );
}
