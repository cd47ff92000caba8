import { type FormEvent, useState } from 'react';
import { post } from '../api.ts';
import { Page, Refusal, useSending } from '../parts.tsx';
import { go } from '../route.tsx';
import { useMay } from '../session.ts';

/** Kick-off from a specification of the server's folder. */
export function NewPage() {
  const mayStart = useMay('start');
  const [spec, setSpec] = useState('');
  const [valid, setValid] = useState('');
  const checking = useSending((key) => post<{ engagement: string }>('/api/engagements', { spec, check: true }, key));
  const starting = useSending((key) => post<{ engagement: string }>('/api/engagements', { spec }, key));
  if (!mayStart) return <Page title="New engagement">Your roles do not let you kick off an engagement.</Page>;
  const check = async (event: FormEvent) => {
    event.preventDefault();
    setValid((await checking.send())?.engagement ?? '');
  };
  const start = async () => {
    const started = await starting.send();
    if (started) go(`/engagements/${started.engagement}`);
  };
  return (
    <Page title="New engagement">
      <form onSubmit={(event) => void check(event)} className="stacked">
        <label>
          Specification, a path in the server's folder
          <input
            value={spec}
            required
            placeholder="examples/newswire/engagement.yaml"
            spellCheck={false}
            onChange={(event) => {
              setSpec(event.target.value);
              setValid('');
            }}
          />
        </label>
        <button type="submit" disabled={checking.isSending}>
          Check
        </button>
      </form>
      <Refusal trouble={checking.trouble ?? starting.trouble} />
      {valid && (
        <div className="confirm" role="status">
          <p>
            The specification of <strong>{valid}</strong> and its files are in order.
          </p>
          <button type="button" disabled={starting.isSending} onClick={() => void start()}>
            Kick off {valid}
          </button>
        </div>
      )}
    </Page>
  );
}
