import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import type { Portfolio } from '../../src/server/portfolio.ts';
import { loadSession, type Refused, type Session, SIGNED_OUT, signOut } from './api.ts';
import type { PortfolioFeed } from './feed.ts';
import { EngagementPage } from './pages/engagement.tsx';
import { GatePage } from './pages/gate.tsx';
import { InboxPage } from './pages/inbox.tsx';
import { PortfolioPage } from './pages/portfolio.tsx';
import { RolloutPage } from './pages/rollout.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { Alert, Page } from './parts.tsx';
import { Link, usePath } from './route.tsx';
import { SessionContext, waitsForMe } from './session.ts';

const NewPage = lazy(() => import('./pages/new.tsx'));
const PortfoliosPage = lazy(() => import('./pages/portfolios.tsx'));

/** What came of asking who is signed in. */
interface Opened {
  session?: Session;
  trouble?: Refused;
}

export function show(opened: Opened, feed: PortfolioFeed): void {
  createRoot(document.getElementById('root')!).render(<App opened={opened} feed={feed} />);
}

function App({ opened, feed }: { opened: Opened; feed: PortfolioFeed }) {
  const [session, setSession] = useState(opened.session);
  const [trouble, setTrouble] = useState(opened.trouble);
  useEffect(() => {
    const ended = (event: Event) => {
      setSession(undefined);
      setTrouble((event as CustomEvent<Refused>).detail);
    };
    addEventListener(SIGNED_OUT, ended);
    return () => removeEventListener(SIGNED_OUT, ended);
  }, []);
  if (session)
    return (
      <SessionContext value={session}>
        <SignedIn session={session} feed={feed} />
      </SessionContext>
    );
  if (trouble?.status === 401)
    return (
      <SignInPage
        provider={trouble.provider}
        onSignedIn={() => {
          setTrouble(undefined);
          void loadSession().then(setSession, setTrouble);
          feed.open();
        }}
      />
    );
  return <Page title="Stepdown">{trouble ? <Alert>{trouble.message}</Alert> : <p>Loading…</p>}</Page>;
}

function SignedIn({ session, feed }: { session: Session; feed: PortfolioFeed }) {
  const path = usePath();
  const { parts, trouble } = useSyncExternalStore(feed.subscribe, feed.live);
  const mine = (parts.portfolio?.gates ?? []).filter((gate) => waitsForMe(gate, session)).length;
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <nav aria-label="Main" className="bar">
        <strong className="brand">Stepdown</strong>
        <Link href="/">Portfolio</Link>
        <Link href="/inbox">Inbox{mine > 0 && <span className="count"> {mine}</span>}</Link>
        <Link href="/portfolios">Portfolios</Link>
        <Link href="/new">New</Link>
        <span className="who">{[session.email, ...session.roles].join(', ')}</span>
        <button
          type="button"
          className="plain"
          onClick={() =>
            void signOut().then(
              (then) => location.assign(then?.next ?? '/'),
              () => location.assign('/')
            )
          }
        >
          Sign out
        </button>
      </nav>
      {trouble && (
        <p className="trouble" role="status">
          {trouble}
        </p>
      )}
      <Routed path={path} portfolio={parts.portfolio} />
    </>
  );
}

function Routed({ path, portfolio }: { path: string; portfolio: Portfolio | undefined }) {
  const [, section, name, page, gate] = path.split('/');
  if (path === '/') return <PortfolioPage portfolio={portfolio} />;
  if (path === '/inbox') return <InboxPage portfolio={portfolio} />;
  if (path === '/new')
    return (
      <Suspense fallback={<p>Loading…</p>}>
        <NewPage />
      </Suspense>
    );
  if (section === 'portfolios' && !page)
    return (
      <Suspense fallback={<p>Loading…</p>}>
        <PortfoliosPage key={path} name={name} />
      </Suspense>
    );
  if (section === 'engagements' && name) {
    if (page === 'gates' && gate) return <GatePage key={path} name={name} gateName={gate} />;
    if (page === 'rollout') return <RolloutPage key={path} name={name} />;
    if (!page) return <EngagementPage key={path} name={name} />;
  }
  return (
    <Page title="Nothing is here">
      <p>
        Go to the <Link href="/">portfolio</Link>.
      </p>
    </Page>
  );
}
