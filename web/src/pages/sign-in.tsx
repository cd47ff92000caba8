import { type FormEvent, useState } from 'react';
import { type Refused, signIn } from '../api.ts';
import { Page, Refusal } from '../parts.tsx';

/** The code of a whole link, or the code itself. */
const codeIn = (given: string): string => /[?&]code=([^&\s]+)/.exec(given)?.[1] ?? given.trim();

export function SignInPage({ provider, onSignedIn }: { provider: string | undefined; onSignedIn: () => void }) {
  return (
    <Page title="Sign in to Stepdown">
      {provider ? <AtProvider provider={provider} /> : <ByLink onSignedIn={onSignedIn} />}
    </Page>
  );
}

function AtProvider({ provider }: { provider: string }) {
  const here = location.pathname + location.search;
  return (
    <p>
      <a className="button" href={`/auth/login?to=${encodeURIComponent(here)}`}>
        Sign in with {provider}
      </a>
    </p>
  );
}

function ByLink({ onSignedIn }: { onSignedIn: () => void }) {
  const [trouble, setTrouble] = useState<Refused | undefined>();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget).get('link'));
    signIn(codeIn(given)).then(onSignedIn, setTrouble);
  };
  return (
    <>
      <p>
        <code>stepdown up</code> prints a link that signs you in once; <code>npx stepdown access link</code> prints
        another. Open it, or paste it here.
      </p>
      <form onSubmit={submit} className="stacked">
        <label>
          Sign-in link
          <input name="link" required minLength={20} autoComplete="off" spellCheck={false} />
        </label>
        <Refusal trouble={trouble} />
        <button type="submit">Sign in</button>
      </form>
    </>
  );
}
