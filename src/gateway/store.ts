import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf } from './errors.ts';
import type { RouteState } from './evidence.ts';
import { UnitTables } from './unit-tables.ts';

const COMMIT_EVERY_MS = 50;
const RETRY_COMMIT_MS = 1_000;
const COMMIT_EVERY_OBSERVATIONS = 100;
const KEPT_PREDICTIONS = 100_000;
const PRUNE_EVERY = 1_000;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE routes (model TEXT PRIMARY KEY, config TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE predictions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL, id TEXT NOT NULL, row INTEGER NOT NULL,
    twin INTEGER, candidate INTEGER,
    label INTEGER, version INTEGER, stage INTEGER,
    UNIQUE (model, id, row)
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** A compared row and its label; either may come first. `stage` is the one that the label was counted in. */
export interface PredictionRow {
  twin: number | null;
  candidate: number | null;
  label: number | null;
  version: number | null;
  stage: number | null;
}

export interface PredictionKey {
  model: string;
  id: string;
  row: number;
}

/**
 * The gateway's write-ahead file. Evidence and the predictions it came from are committed together, so that nothing
 * is counted twice after a crash; at most the last 50 ms are lost.
 */
export class Store {
  /** Part of the next commit, as predictions are. */
  readonly units: UnitTables;
  readonly #database: DatabaseSync;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  readonly #writeState: StatementSync;
  readonly #reportFault: (message: string) => void;
  /** The routes as they are served, and how the file has them. */
  readonly #current = new Map<string, RouteState>();
  readonly #committed = new Map<string, string>();
  readonly #changed = new Set<RouteState>();
  #observations = 0;
  #sincePrune = 0;
  #timer?: NodeJS.Timeout;

  constructor(path: string, reportFault: (message: string) => void) {
    this.#reportFault = reportFault;
    this.#database = openDatabase(path);
    this.units = new UnitTables(this.#database, () => this.#begin());
    this.#read = this.#database.prepare(
      'SELECT twin, candidate, label, version, stage FROM predictions WHERE model = ? AND id = ? AND row = ?'
    );
    this.#write = this.#database.prepare(
      `INSERT INTO predictions (model, id, row, twin, candidate, label, version, stage) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (model, id, row) DO UPDATE SET twin = excluded.twin, candidate = excluded.candidate,
         label = excluded.label, version = excluded.version, stage = excluded.stage`
    );
    this.#writeState = this.#database.prepare('UPDATE routes SET state = ? WHERE model = ?');
  }

  routes(): RouteState[] {
    const rows = this.#database.prepare('SELECT model, config, state FROM routes').all() as Record<string, string>[];
    return rows.map(({ model, config, state }) => {
      const route: RouteState = { ...JSON.parse(state!), config: JSON.parse(config!) };
      this.#current.set(model!, route);
      this.#committed.set(model!, state!);
      return route;
    });
  }

  /** Puts a route in the place of any other of its model, whose predictions go; on disk when this returns. */
  putRoute(state: RouteState): void {
    const { model } = state.config;
    this.#durably(model, () => {
      this.#database
        .prepare('INSERT OR REPLACE INTO routes (model, config, state) VALUES (?, ?, ?)')
        .run(model, JSON.stringify(state.config), textOf(state));
    });
    this.#current.set(model, state);
    this.#committed.set(model, textOf(state));
  }

  deleteRoute(model: string): void {
    this.#durably(model, () => this.#database.prepare('DELETE FROM routes WHERE model = ?').run(model));
    this.#current.delete(model);
    this.#committed.delete(model);
  }

  prediction({ model, id, row }: PredictionKey): PredictionRow | undefined {
    return this.#read.get(model, id, row) as PredictionRow | undefined;
  }

  /** Part of the next commit. */
  putPrediction({ model, id, row }: PredictionKey, prediction: PredictionRow): void {
    this.#begin();
    const { twin, candidate, label, version, stage } = prediction;
    this.#write.run(model, id, row, twin, candidate, label, version, stage);
    if (++this.#sincePrune >= PRUNE_EVERY) this.#prune();
  }

  /** Part of the next commit, which is soon. A route that was replaced meanwhile is of no interest. */
  observe(state: RouteState): void {
    if (this.#current.get(state.config.model) !== state) return;
    this.#changed.add(state);
    if (++this.#observations >= COMMIT_EVERY_OBSERVATIONS) this.#commitOrReport();
    else this.#timer ??= setTimeout(() => this.#commitOrReport(), COMMIT_EVERY_MS);
  }

  /**
   * Everything observed so far is in the file when this returns; a crash of the process cannot take it back. When it
   * throws, the evidence is as the file has it, but a trip stays.
   */
  commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#observations = 0;
    if (this.#changed.size === 0 && !this.#database.isTransaction) return;
    const texts = [...this.#changed].map((state) => [state.config.model, textOf(state)] as const);
    try {
      this.#begin();
      for (const [model, text] of texts) this.#writeState.run(text, model);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      for (const state of this.#changed) this.#revert(state);
      throw error;
    }
    for (const [model, text] of texts) this.#committed.set(model, text);
    this.#changed.clear();
  }

  /** As `commit`, and on the disk: not even a power cut takes back a weight or a trip. */
  commitDurably(state: RouteState): void {
    if (this.#current.get(state.config.model) !== state) return;
    this.#changed.add(state);
    if (this.#database.isTransaction) this.commit();
    this.#changed.add(state);
    this.#synchronized(() => this.commit());
  }

  close(): void {
    this.commit();
    this.#database.close();
  }

  #commitOrReport(): void {
    try {
      this.commit();
    } catch (error) {
      this.#reportFault(`evidence is not being kept: ${messageOf(error)}`);
      this.#timer ??= setTimeout(() => this.#commitOrReport(), RETRY_COMMIT_MS);
    }
  }

  #revert(state: RouteState): void {
    const { weight, trip } = state;
    Object.assign(state, JSON.parse(this.#committed.get(state.config.model)!));
    if (trip) Object.assign(state, { weight, trip });
  }

  #durably(model: string, change: () => void): void {
    this.commit();
    this.#synchronized(() => {
      try {
        this.#begin();
        this.#database.prepare('DELETE FROM predictions WHERE model = ?').run(model);
        this.units.forget(model);
        change();
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
      this.commit();
    });
  }

  /** The level of durability cannot be changed inside a transaction. */
  #synchronized(work: () => void): void {
    this.#database.exec('PRAGMA synchronous = FULL');
    try {
      work();
    } finally {
      this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  #begin(): void {
    if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE');
  }

  #prune(): void {
    this.#sincePrune = 0;
    this.#database
      .prepare('DELETE FROM predictions WHERE seq <= (SELECT max(seq) FROM predictions) - ?')
      .run(KEPT_PREDICTIONS);
  }
}

const textOf = ({ config: _, ...state }: RouteState) => JSON.stringify(state);

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // Exclusive: a second gateway on the same file would overwrite what the first one counted.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version === 0) database.exec(`BEGIN;${SCHEMA}COMMIT;`);
    else if (version !== SCHEMA_VERSION)
      throw new Error(`it was written by another version (schema ${version}, this is ${SCHEMA_VERSION})`);
    else database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (error) {
    database.close();
    throw new Error(`cannot open the gateway's state file '${path}': ${messageOf(error)}`);
  }
}
