import { mkdir, open, readFile, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../domain/canonical-json.ts';
import { jsonOf } from '../domain/json.ts';
import { sha256 } from './artifacts.ts';

export type JournalKind =
  | 'kick-off'
  | 'portfolio'
  | 'export'
  | 'preparation'
  | 'baseline'
  | 'trial'
  | 'sensitivity'
  | 'evaluation'
  | 'load-test'
  | 'training'
  | 'verdict'
  | 'decision'
  | 'guide'
  | 'weight'
  | 'trip'
  | 'stage'
  | 'support'
  | 'week'
  | 'incident'
  | 'proposal'
  | 'cancellation'
  | 'closing';

export interface JournalEntry {
  sequence: number;
  /** Names the event, so that a repeated write of the same event adds nothing. */
  event: string;
  kind: JournalKind;
  at: string;
  body: unknown;
  /** Hash of the entry before; of the first entry, 64 zeros. */
  previous: string;
  hash: string;
}

const GENESIS = '0'.repeat(64);
const LOCK_STALE_MS = 10_000; // an append takes milliseconds; an older lock is of a process that was killed

/** What happened in one engagement, in order: JSON lines, each with the hash of the one before. */
export class Journal {
  readonly path: string;

  constructor(folder: string, engagement: string) {
    this.path = join(folder, `${engagement}.jsonl`);
  }

  /** Appends unless an entry with this event is there; returns the entry. */
  async append(event: string, kind: JournalKind, body: unknown): Promise<JournalEntry> {
    await mkdir(dirname(this.path), { recursive: true });
    return this.locked(async () => {
      const { entries, wholeBytes } = await this.read();
      const known = entries.find((entry) => entry.event === event);
      if (known) return known;
      const entry = {
        sequence: entries.length + 1,
        event,
        kind,
        at: new Date().toISOString(),
        body: JSON.parse(canonicalJson(body)),
        previous: entries.at(-1)?.hash ?? GENESIS,
      };
      const full = { ...entry, hash: hashOf(entry) };
      const file = await open(this.path, 'a+');
      try {
        await file.truncate(wholeBytes);
        await file.appendFile(`${canonicalJson(full)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      return full;
    });
  }

  async entries(): Promise<JournalEntry[]> {
    return (await this.read()).entries;
  }

  /** The places where the chain is broken; empty when it holds. */
  async faults(): Promise<string[]> {
    const text = await readFile(this.path, 'utf8');
    const faults: string[] = [];
    let previous = GENESIS;
    for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
      const place = `${this.path}:${index + 1}`;
      const entry = parse(line);
      if (!entry) {
        faults.push(`${place}: not a journal entry`);
        continue;
      }
      const { hash, ...content } = entry;
      if (hashOf(content) !== hash || canonicalJson(entry) !== line)
        faults.push(`${place}: the entry was changed after it was written (${entry.event})`);
      if (entry.previous !== previous) faults.push(`${place}: does not follow the entry before it (${entry.event})`);
      if (entry.sequence !== index + 1) faults.push(`${place}: is numbered ${entry.sequence}`);
      previous = hash;
    }
    if (!text.endsWith('\n')) faults.push(`${this.path}: the last line is cut off`);
    return faults;
  }

  /** A last line without its end was being written when the process died; nobody was told of it, so it is dropped. */
  private async read(): Promise<{ entries: JournalEntry[]; wholeBytes: number }> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const entries = whole
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JournalEntry);
    return { entries, wholeBytes: Buffer.byteLength(whole) };
  }

  private async locked<T>(action: () => Promise<T>): Promise<T> {
    const lock = `${this.path}.lock`;
    while (!(await acquire(lock))) await sleep(20);
    try {
      return await action();
    } finally {
      await rmdir(lock);
    }
  }
}

function hashOf(entry: Omit<JournalEntry, 'hash'>): string {
  return sha256(canonicalJson(entry));
}

function parse(line: string): JournalEntry | undefined {
  const entry = jsonOf(line) as JournalEntry | null | undefined;
  return typeof entry?.hash === 'string' && typeof entry.event === 'string' ? entry : undefined;
}

async function acquire(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0
    );
    if (age > LOCK_STALE_MS) await rmdir(lock).catch(() => {});
    return false;
  }
}
