import type { Changes, Portfolio } from '../../src/server/portfolio.ts';
import { loadSession } from './api.ts';

/** Parts as the server last sent them; it sends a part whole whenever it changes. */
export interface Live<T> {
  parts: Partial<T>;
  /** Why there is nothing new, while there is not. */
  trouble?: string | undefined;
}

const LOST = 'The connection is lost; it is being made again.';

/** What the parts become by an event, by its name. */
export type Taking<T> = Record<string, (parts: Partial<T>, event: never) => Partial<T>>;

/** Tells what becomes of the parts, from event to event, until it is closed. */
export function listen<T>(
  path: string,
  taking: Taking<T>,
  tell: (next: (last: Live<T>) => Live<T>) => void
): () => void {
  tell(() => ({ parts: {} }));
  const source = new EventSource(path);
  for (const [name, take] of Object.entries(taking))
    source.addEventListener(name, ({ data }) => {
      const event = JSON.parse(data) as never;
      tell(({ parts }) => ({ parts: take(parts, event) }));
    });
  source.addEventListener('available', () => tell(({ parts }) => ({ parts })));
  source.addEventListener('unavailable', ({ data }) =>
    tell(({ parts }) => ({ parts, trouble: JSON.parse(data).detail }))
  );
  source.onerror = () => {
    tell(({ parts }) => ({ parts, trouble: LOST }));
    if (source.readyState === EventSource.CLOSED) loadSession().catch(() => {}); // refused: has the session ended?
  };
  source.onopen = () => tell(({ parts }) => ({ parts }));
  return () => source.close();
}

const PORTFOLIO: Taking<{ portfolio: Portfolio }> = {
  portfolio: (_, portfolio: Portfolio) => ({ portfolio }),
  changes: ({ portfolio }, changes: Changes) => ({ portfolio: portfolio && changed(portfolio, changes) }),
};

/** Listened to on all pages, and from before the first is drawn: the list is on its way meanwhile. */
export class PortfolioFeed {
  #live: Live<{ portfolio: Portfolio }> = { parts: {} };
  #close = () => {};
  readonly #readers = new Set<() => void>();

  open(): void {
    this.#close();
    this.#close = listen('/api/events', PORTFOLIO, (next) => {
      this.#live = next(this.#live);
      for (const told of this.#readers) told();
    });
  }

  readonly live = () => this.#live;

  readonly subscribe = (told: () => void) => {
    this.#readers.add(told);
    return () => void this.#readers.delete(told);
  };
}

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
