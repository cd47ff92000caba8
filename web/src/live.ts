import { useEffect, useRef, useState } from 'react';
import type { ClosingDocument } from '../../src/domain/engagement.ts';
import type { Now } from '../../src/server/view.ts';
import { get, type Refused } from './api.ts';
import { type Live, listen, type Taking } from './feed.ts';

function useLive<T>(path: string, taking: Taking<T>): Live<T> {
  const [live, setLive] = useState<Live<T>>({ parts: {} });
  useEffect(() => listen(path, taking, setLive), [path, taking]);
  return live;
}

const ENGAGEMENT: Taking<{ document: ClosingDocument; now: Now }> = {
  document: (parts, document: ClosingDocument) => ({ ...parts, document }),
  now: (parts, now: Now) => ({ ...parts, now }),
};

export const useEngagement = (name: string) => useLive(`/api/engagements/${name}/live`, ENGAGEMENT);

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
