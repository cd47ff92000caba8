import { useEffect, useRef, useState } from 'react';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import type { Changes, Portfolio } from '../../src/server/portfolio.ts';
import type { Now } from '../../src/server/view.ts';
import { get, loadSession, type Refused } from './api.ts';

/** Parts as the server last sent them; it sends a part whole whenever it changes. */
export interface Live<T> {
  parts: Partial<T>;
  /** Why there is nothing new, while there is not. */
  trouble?: string | undefined;
}

const LOST = 'The connection is lost; it is being made again.';

/** What the parts become by an event, by its name. */
type Taking<T> = Record<string, (parts: Partial<T>, event: never) => Partial<T>>;

function useLive<T>(path: string, taking: Taking<T>): Live<T> {
  const [live, setLive] = useState<Live<T>>({ parts: {} });
  useEffect(() => {
    setLive({ parts: {} });
    const source = new EventSource(path);
    for (const [name, take] of Object.entries(taking))
      source.addEventListener(name, ({ data }) => {
        const event = JSON.parse(data) as never;
        setLive(({ parts }) => ({ parts: take(parts, event) }));
      });
    source.addEventListener('available', () => setLive(({ parts }) => ({ parts })));
    source.addEventListener('unavailable', ({ data }) =>
      setLive(({ parts }) => ({ parts, trouble: JSON.parse(data).detail }))
    );
    source.onerror = () => {
      setLive(({ parts }) => ({ parts, trouble: LOST }));
      if (source.readyState === EventSource.CLOSED) loadSession().catch(() => {}); // refused: has the session ended?
    };
    source.onopen = () => setLive(({ parts }) => ({ parts }));
    return () => source.close();
  }, [path, taking]);
  return live;
}

const PORTFOLIO: Taking<{ portfolio: Portfolio }> = {
  portfolio: (_, portfolio: Portfolio) => ({ portfolio }),
  changes: ({ portfolio }, changes: Changes) => ({ portfolio: portfolio && changed(portfolio, changes) }),
};

export const usePortfolio = () => useLive('/api/events', PORTFOLIO);

const ENGAGEMENT: Taking<{ document: ClosingDocument; now: Now }> = {
  document: (parts, document: ClosingDocument) => ({ ...parts, document }),
  now: (parts, now: Now) => ({ ...parts, now }),
};

export const useEngagement = (name: string) => useLive(`/api/engagements/${name}/live`, ENGAGEMENT);

/** Both stay newest first. */
function changed({ engagements, gates }: Portfolio, { gone, missing, ...fresh }: Changes): Portfolio {
  return {
    engagements: merged(engagements, fresh.engagements, gone.engagements, (line) => [line.engagement, line.startedAt]),
    gates: merged(gates, fresh.gates, gone.gates, (gate) => [gate.workflowId, gate.openedAt]),
    missing,
  };
}

function merged<L>(lines: L[], fresh: L[], gone: string[], of: (line: L) => [key: string, began: string]): L[] {
  if (fresh.length === 0 && gone.length === 0) return lines;
  const kept = new Map(lines.map((line) => [of(line)[0], line]));
  for (const key of gone) kept.delete(key);
  for (const line of fresh) kept.set(of(line)[0], line);
  return [...kept.values()].sort((a, b) => of(b)[1].localeCompare(of(a)[1]));
}

export interface Loaded<T> {
  value?: T;
  trouble?: Refused;
}

/** Asked once, and again whenever `version` changes. */
export function useLoaded<T>(path: string, version?: unknown): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({});
  const asked = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is asked for on the same path
  useEffect(() => {
    const turn = ++asked.current;
    const left = new AbortController(); // a browser asks few things at once: what nobody looks at is let go
    get<T>(path, left.signal).then(
      (value) => turn === asked.current && setLoaded({ value }),
      (trouble: Refused) => turn === asked.current && !left.signal.aborted && setLoaded({ trouble })
    );
    return () => left.abort();
  }, [path, version]);
  return loaded;
}
