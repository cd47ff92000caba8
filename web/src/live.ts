import { useEffect, useRef, useState } from 'react';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import type { Portfolio } from '../../src/server/routes/events.ts';
import type { Now } from '../../src/server/view.ts';
import { get, loadSession, type Refused } from './api.ts';

/** Parts as the server last sent them; it sends a part whole whenever it changes. */
export interface Live<T> {
  parts: Partial<T>;
  /** Why there is nothing new, while there is not. */
  trouble?: string | undefined;
}

const LOST = 'The connection is lost; it is being made again.';

function useLive<T>(path: string, names: (keyof T & string)[]): Live<T> {
  const [live, setLive] = useState<Live<T>>({ parts: {} });
  const events = names.join(' ');
  useEffect(() => {
    setLive({ parts: {} });
    const source = new EventSource(path);
    for (const name of events.split(' '))
      source.addEventListener(name, ({ data }) =>
        setLive(({ parts }) => ({ parts: { ...parts, [name]: JSON.parse(data) } }))
      );
    source.addEventListener('unavailable', ({ data }) =>
      setLive(({ parts }) => ({ parts, trouble: JSON.parse(data).detail }))
    );
    source.onerror = () => {
      setLive(({ parts }) => ({ parts, trouble: LOST }));
      if (source.readyState === EventSource.CLOSED) loadSession().catch(() => {}); // refused: has the session ended?
    };
    source.onopen = () => setLive(({ parts }) => ({ parts }));
    return () => source.close();
  }, [path, events]);
  return live;
}

export const usePortfolio = () => useLive<{ portfolio: Portfolio }>('/api/events', ['portfolio']);

export const useEngagement = (name: string) =>
  useLive<{ document: ClosingDocument; now: Now }>(`/api/engagements/${name}/live`, ['document', 'now']);

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
