import { type FormEvent, useState } from 'react';
import {
  type Changes,
  type Decision,
  type GateStatus,
  OUTCOMES,
  type Outcome,
  takesChange,
} from '../../src/domain/decision.ts';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import { post } from './api.ts';
import { Refusal, useSending } from './parts.tsx';
import { useSession } from './session.ts';

const LABELS: Record<Outcome, [string, string]> = {
  approved: ['Approve', 'the evidence holds; go on'],
  rejected: ['Reject', 'the engagement ends'],
  revise: ['Revise', 'run the phase again, with other thresholds'],
  waived: ['Waive', 'go on without the proof; your reason stands in every report'],
};

interface Wanted {
  outcome: Outcome;
  comment: string;
  by?: string;
  changes?: Changes;
}

export function DecisionForm({ gate, document }: { gate: GateStatus; document: ClosingDocument }) {
  const { isOwner } = useSession();
  const [outcome, setOutcome] = useState<Outcome | undefined>();
  const [wanted, setWanted] = useState<Wanted | undefined>();
  const { send, isSending, trouble } = useSending((key) =>
    post<Decision>(
      `/api/engagements/${gate.engagement}/gates/${gate.gate}/decision`,
      { ...wanted, evidenceSha256: gate.evidenceSha256 },
      key
    )
  );
  const allowed = OUTCOMES.filter((each) => each !== 'approved' || gate.verdict === 'successful');
  const review = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setWanted(wantedFrom(new FormData(event.currentTarget)));
  };
  return (
    <section aria-labelledby="decision">
      <h2 id="decision">Your decision</h2>
      {!allowed.includes('approved') && (
        <p>The quality gate is “{gate.verdict}”, so it can be waived with a reason, but not approved.</p>
      )}
      <form onSubmit={review} onChange={() => setWanted(undefined)} className="stacked">
        <fieldset>
          <legend>Outcome</legend>
          {allowed.map((each) => (
            <label key={each} className="choice">
              <input type="radio" name="outcome" value={each} required onChange={() => setOutcome(each)} />
              <span>
                <strong>{LABELS[each][0]}</strong> <small>{LABELS[each][1]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        {outcome && takesChange('quality', gate.gate, outcome) && document.quality && (
          <Thresholds quality={document.quality} />
        )}
        {outcome && takesChange('candidates', gate.gate, outcome) && !gate.first && <Candidates document={document} />}
        {isOwner && (
          <label>
            Decided by
            <select name="by" required>
              {gate.approvers
                .filter(({ email }) => email !== gate.first?.by)
                .map(({ name, email }) => (
                  <option key={email} value={email}>
                    {name} ({email})
                  </option>
                ))}
            </select>
          </label>
        )}
        <label>
          Comment{outcome && outcome !== 'approved' ? ' (needed: why)' : ''}
          <textarea
            name="comment"
            rows={3}
            maxLength={4000}
            required={outcome !== undefined && outcome !== 'approved'}
          />
        </label>
        {!wanted && <button type="submit">Review</button>}
      </form>
      {wanted && (
        <div className="confirm">
          <p>
            <strong>{LABELS[wanted.outcome][0]}</strong> gate {gate.gate} of {gate.engagement}
            {wanted.by && ` as ${wanted.by}`}: {LABELS[wanted.outcome][1]}. This cannot be taken back.
          </p>
          <button type="button" className={wanted.outcome} disabled={isSending} onClick={() => void send()}>
            {isSending ? 'Sending…' : `${LABELS[wanted.outcome][0]} now`}
          </button>
        </div>
      )}
      <Refusal trouble={trouble} />
    </section>
  );
}

function Thresholds({ quality }: { quality: NonNullable<ClosingDocument['quality']> }) {
  return (
    <fieldset>
      <legend>Thresholds</legend>
      {(
        [
          ['marginPoints', 'Margin, points'],
          ['sliceMarginPoints', 'Margin of a slice, points'],
        ] as const
      ).map(([name, title]) => (
        <label key={name}>
          {title}
          <input name={name} type="number" min="0.01" step="any" defaultValue={quality[name]} />
        </label>
      ))}
    </fieldset>
  );
}

function Candidates({ document }: { document: ClosingDocument }) {
  const passed = document.candidates.filter(({ verdict, phase }) => verdict === 'successful' && phase === 'ptq');
  if (passed.length < 2) return null;
  return (
    <fieldset>
      <legend>Which candidates go on</legend>
      <input type="hidden" name="chosen" />
      {passed.map(({ id }) => (
        <label key={id} className="choice">
          <input type="checkbox" name="candidate" value={id} defaultChecked />
          {id}
        </label>
      ))}
    </fieldset>
  );
}

function wantedFrom(form: FormData): Wanted {
  const outcome = form.get('outcome') as Outcome;
  const number = (name: string) => Number(form.get(name));
  const quality = { marginPoints: number('marginPoints'), sliceMarginPoints: number('sliceMarginPoints') };
  const candidates = form.getAll('candidate').map(String);
  const by = form.get('by');
  return {
    outcome,
    comment: String(form.get('comment') ?? ''),
    ...(by && { by: String(by) }),
    ...(form.has('marginPoints') && { changes: { quality } }),
    ...(form.has('chosen') && { changes: { candidates } }),
  };
}
