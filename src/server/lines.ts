import { newestFirst } from '../cli/lists.ts';

const REMEMBERED = 2_000; // of what was removed

interface Kept<T> {
  line: T;
  json: string;
  began: string;
  /** By the clock of what it was learned from. */
  changedAt: number;
  version: number;
}

/** Lines by key, each with the version it came with, so that a reader can be told just what it does not have. */
export class Lines<T> {
  readonly #asJson: (line: T) => string;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #removed = new Map<string, { began: string; version: number }>();
  /** A reader with an earlier version cannot be told what was removed. */
  oldest = 0;
  /** The version of the last change. */
  latest = 0;

  constructor(asJson: (line: T) => string) {
    this.#asJson = asJson;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key)?.line;
  }

  /** Newest first. */
  all(): T[] {
    return this.#newestFirst(0).map(({ line }) => line);
  }

  /** Keeps what is not older than what is here, nor of what was removed. */
  put(key: string, given: { line: T; began: string; changedAt: number }, version: number): void {
    const known = this.#kept.get(key);
    if ((known && known.changedAt > given.changedAt) || this.#isRemoved(key, given.began)) return;
    const json = this.#asJson(given.line);
    const isSame = known?.json === json;
    this.#kept.set(key, { ...given, json, version: isSame ? known.version : version });
    this.#removed.delete(key);
    if (!isSame) this.latest = version;
  }

  /** For good: it does not come back from a look that began before. */
  remove(key: string, began: string, version: number): void {
    if (this.#isRemoved(key, began)) return;
    const isTold = this.#kept.delete(key);
    if (isTold) this.latest = version;
    this.#removed.set(key, { began, version: isTold ? version : 0 });
    if (this.#removed.size > REMEMBERED) {
      const [first, { version }] = this.#removed.entries().next().value!;
      this.#removed.delete(first);
      this.oldest = Math.max(this.oldest, version);
    }
  }

  /** Removes what is of a version up to this and not among the keys. */
  removeOthers(keys: Set<string>, upTo: number, version: number): void {
    const others = [...this.#kept].filter(([key, kept]) => kept.version <= upTo && !keys.has(key));
    for (const [key, { began }] of others) this.remove(key, began, version);
  }

  /** As the elements of a JSON array, newest first. */
  jsonSince(version: number): string {
    return this.#newestFirst(version)
      .map(({ json }) => json)
      .join();
  }

  removedSince(version: number): string[] {
    return [...this.#removed].flatMap(([key, removed]) => (removed.version > version ? [key] : []));
  }

  #isRemoved(key: string, began: string): boolean {
    const removed = this.#removed.get(key);
    return removed !== undefined && removed.began >= began;
  }

  #newestFirst(version: number): Kept<T>[] {
    return [...this.#kept.values()]
      .filter((kept) => kept.version > version)
      .sort((a, b) => newestFirst({ startedAt: a.began }, { startedAt: b.began }));
  }
}
