import { type FormEvent, lazy, Suspense, useState } from 'react';
import { post } from '../api.ts';
import { KickOff } from '../dry-lap.tsx';
import { Page, Refusal, useSending } from '../parts.tsx';
import { useMay } from '../session.ts';

const SpecForm = lazy(() => import('../form/spec-form.tsx').then(({ SpecForm }) => ({ default: SpecForm })));

interface Ready {
  spec: string;
  engagement: string;
}

/** From a form that writes the specification, or from one that is in the server's folder. */
export default function NewPage() {
  const mayStart = useMay('start');
  const [way, setWay] = useState<'form' | 'file'>('form');
  const [ready, setReady] = useState<Ready | undefined>();
  if (!mayStart) return <Page title="New engagement">Your roles do not let you kick off an engagement.</Page>;
  const choose = (chosen: typeof way) => {
    setWay(chosen);
    setReady(undefined);
  };
  return (
    <Page title="New engagement">
      <fieldset className="ways">
        <legend>The specification</legend>
        {(
          [
            ['form', 'Fill it in here'],
            ['file', 'It is a file in the server’s folder'],
          ] as const
        ).map(([name, title]) => (
          <label key={name} className="choice">
            <input type="radio" name="way" checked={way === name} onChange={() => choose(name)} />
            {title}
          </label>
        ))}
      </fieldset>
      {way === 'form' ? (
        <Suspense fallback={<p>Loading…</p>}>
          <SpecForm
            onSaved={(spec, engagement) => setReady({ spec, engagement })}
            onChanged={() => setReady(undefined)}
          />
        </Suspense>
      ) : (
        <FromFile onChecked={setReady} />
      )}
      {ready && <KickOff key={ready.spec} {...ready} />}
    </Page>
  );
}

function FromFile({ onChecked }: { onChecked: (ready: Ready | undefined) => void }) {
  const [spec, setSpec] = useState('');
  const checking = useSending((key) => post<{ engagement: string }>('/api/engagements', { spec, check: true }, key));
  const check = async (event: FormEvent) => {
    event.preventDefault();
    const found = await checking.send();
    onChecked(found && { spec, engagement: found.engagement });
  };
  return (
    <>
      <form onSubmit={(event) => void check(event)} className="stacked">
        <label>
          Its path
          <input
            value={spec}
            required
            placeholder="examples/newswire/engagement.yaml"
            spellCheck={false}
            onChange={({ target }) => {
              setSpec(target.value);
              onChecked(undefined);
            }}
          />
        </label>
        <button type="submit" disabled={checking.isSending}>
          Check
        </button>
      </form>
      <Refusal trouble={checking.trouble} />
    </>
  );
}
