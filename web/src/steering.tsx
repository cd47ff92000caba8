import { useState } from 'react';
import type { Now } from '../../src/server/view.ts';
import type { RolloutCommand } from '../../src/workflows/messages.ts';
import { post } from './api.ts';
import { Refusal, useSending } from './parts.tsx';
import { useMay, useSession } from './session.ts';

const WORDS: Record<RolloutCommand, [string, string]> = {
  pause: ['Pause', 'Stay at the present weight.'],
  resume: ['Resume', 'Go on.'],
  promote: ['Promote', 'End the hold of this stage now: on its evidence, or as an approver with a reason.'],
  rollback: ['Roll back', 'Take the candidate out of the traffic, for good.'],
};

/** Pause and resume at once; what cannot be taken back asks first. */
export function Steering({ engagement, now }: { engagement: string; now: Now }) {
  const { isOwner } = useSession();
  const maySteer = useMay('steer');
  const [asked, setAsked] = useState<RolloutCommand | undefined>();
  const [comment, setComment] = useState('');
  const [by, setBy] = useState('');
  const [said, setSaid] = useState('');
  const { send, isSending, trouble } = useSending((key) =>
    post(`/api/engagements/${engagement}/rollout/${asked}`, { comment, ...(by && { by }) }, key)
  );
  if (!maySteer) return <p className="absent">Your roles let you watch, not steer.</p>;
  if (now.traffic?.trip) return null;
  const commands: RolloutCommand[] = [now.rollout!.paused ? 'resume' : 'pause', 'promote', 'rollback'];
  const confirm = async () => {
    const answer = await send();
    if (!answer || !asked) return;
    setSaid(`${WORDS[asked][0]}: accepted.`);
    setAsked(undefined);
    setComment('');
  };
  return (
    <section aria-labelledby="steering">
      <h2 id="steering">Steer</h2>
      <div className="buttons">
        {commands.map((command) => (
          <button
            key={command}
            type="button"
            className={command}
            aria-expanded={asked === command}
            onClick={() => {
              setSaid('');
              setAsked(asked === command ? undefined : command);
            }}
          >
            {WORDS[command][0]}
          </button>
        ))}
      </div>
      {asked && (
        <form
          className="stacked confirm"
          onSubmit={(event) => {
            event.preventDefault();
            void confirm();
          }}
        >
          <p>{WORDS[asked][1]}</p>
          <label>
            Why
            <input value={comment} onChange={(event) => setComment(event.target.value)} maxLength={4000} />
          </label>
          {isOwner && asked === 'promote' && (
            <label>
              Said by
              <select value={by} onChange={(event) => setBy(event.target.value)}>
                <option value="">myself</option>
                {now.approvers.map(({ name, email }) => (
                  <option key={email} value={email}>
                    {name} ({email})
                  </option>
                ))}
              </select>
            </label>
          )}
          <button type="submit" className={asked} disabled={isSending}>
            {isSending ? 'Sending…' : `${WORDS[asked][0]} now`}
          </button>
        </form>
      )}
      <p role="status">{said}</p>
      <Refusal trouble={trouble} />
    </section>
  );
}
