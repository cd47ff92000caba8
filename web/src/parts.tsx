import { Component, type ReactNode, useEffect, useRef, useState } from 'react';
import type { Verdict } from '../../src/domain/verdict.ts';
import { instant, span, VERDICT_MARKS } from '../../src/report/format.ts';
import type { Html } from '../../src/report/html.ts';
import type { Missing } from '../../src/server/portfolio.ts';
import { newKey, Refused } from './api.ts';

/** A table's head; with `words`, the columns other than these are of numbers. */
export function Heads({ titles, words }: { titles: string[]; words?: string[] }) {
  return (
    <thead>
      <tr>
        {titles.map((title) => (
          <th key={title} scope="col" className={words && !words.includes(title) ? 'n' : undefined}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** The heading takes the focus when a page is entered, so that it is what a screen reader says. */
export function Page({ title, eyebrow, children }: { title: string; eyebrow?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === 'Stepdown' ? title : `${title} · Stepdown`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <main id="content">
      {eyebrow && <p className="eyebrow">{eyebrow}</p>}
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </main>
  );
}

export function Chip({ verdict }: { verdict: Verdict }) {
  return (
    <span className={`chip ${verdict}`}>
      {VERDICT_MARKS[verdict]} {verdict}
    </span>
  );
}

export function Alert({ children }: { children: ReactNode }) {
  return (
    <p className="alert" role="alert">
      {children}
    </p>
  );
}

const SHOWN = 50;

/** The first of many, with a button for more of them. */
export function useFirst<L>(lines: L[], what: string): { first: L[]; more: ReactNode } {
  const [shown, setShown] = useState(SHOWN);
  const more = lines.length > shown && (
    <button type="button" onClick={() => setShown(shown + SHOWN)}>
      Show {Math.min(SHOWN, lines.length - shown)} more of {lines.length} {what}
    </button>
  );
  return { first: lines.slice(0, shown), more };
}

/** What the list cannot say of its gates, while nobody answers for them. */
export function NotKnown({ missing }: { missing: Missing | null }) {
  if (!missing) return null;
  const { gates, why, next } = missing;
  return (
    <Alert>
      Approvers, evidence and due dates of {gates} open {gates === 1 ? 'gate is' : 'gates are'} missing: {why}. {next}.
    </Alert>
  );
}

export function Refusal({ trouble }: { trouble: Refused | undefined }) {
  if (!trouble) return null;
  return (
    <div className="alert" role="alert">
      <p>{trouble.message}</p>
      {trouble.problems.length > 0 && (
        <ul>
          {trouble.problems.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path}</code>: {message}
            </li>
          ))}
        </ul>
      )}
      {trouble.next && <p>{trouble.next}</p>}
    </div>
  );
}

/** A figure or a text of the reports; their templates escape what they embed. */
export function Shown({ html, className }: { html: Html | undefined; className?: string }) {
  if (!html) return null;
  // biome-ignore lint/security/noDangerouslySetInnerHtml: `Html` is made by the escaping template alone
  return <div className={className} dangerouslySetInnerHTML={{ __html: html.text }} />;
}

/** How long ago, with the moment itself for those who want it. */
export function Ago({ at }: { at: string }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  const ms = Math.max(0, now - Date.parse(at));
  return (
    <time dateTime={at} title={instant(at)}>
      {ms < 60_000 ? 'less than a minute' : span(ms - (ms % 60_000))}
    </time>
  );
}

/** Sends a change once, however often the button is pressed, and keeps what the server said. */
export function useSending<T>(action: (key: string) => Promise<T>) {
  const [trouble, setTrouble] = useState<Refused | undefined>();
  const [isSending, setSending] = useState(false);
  const key = useRef(newKey());
  const send = async (): Promise<T | undefined> => {
    if (isSending) return undefined;
    setSending(true);
    setTrouble(undefined);
    try {
      const answer = await action(key.current);
      key.current = newKey();
      return answer;
    } catch (error) {
      const refused = error instanceof Refused ? error : new Refused(0, { detail: String(error) });
      if (refused.status !== 0) key.current = newKey(); // without an answer it is the same change still
      setTrouble(refused);
      return undefined;
    } finally {
      setSending(false);
    }
  };
  return { send, isSending, trouble };
}

/** A part that cannot be drawn says so and leaves the rest of the page standing. */
export class Bounded extends Component<{ name: string; children: ReactNode }, { why?: string }> {
  state: { why?: string } = {};

  static getDerivedStateFromError(error: unknown): { why: string } {
    return { why: error instanceof Error ? error.message : String(error) };
  }

  render(): ReactNode {
    const { why } = this.state;
    if (why === undefined) return this.props.children;
    return (
      <Alert>
        The {this.props.name} cannot be shown: {why}
      </Alert>
    );
  }
}
