import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Place } from '../domain/strata.ts';
import type { Exposure } from './exposure.ts';

const KEPT = 100_000;
const PRUNE_EVERY = 1_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS units (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL, unit TEXT NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL,
    UNIQUE (model, unit)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS exposures (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL, id TEXT NOT NULL, stratum INTEGER NOT NULL, arm TEXT NOT NULL,
    class INTEGER NOT NULL, wrong INTEGER, version INTEGER,
    UNIQUE (model, id)
  ) STRICT;`;

/** A unit's first answer, and whether its label says that it was wrong. */
export interface ExposureRow extends Exposure {
  class: number;
  wrong: boolean | null;
  version: number | null;
}

/** What is known of each unit's place in the hash, and of the answers that count for it; part of the state file. */
export class UnitTables {
  readonly #database: DatabaseSync;
  readonly #begin: () => void;
  readonly #statements: Record<'place' | 'putPlace' | 'exposure' | 'putExposure', StatementSync>;
  #sincePrune = 0;

  constructor(database: DatabaseSync, begin: () => void) {
    this.#database = database;
    this.#begin = begin;
    database.exec(SCHEMA);
    this.#statements = {
      place: database.prepare('SELECT low, high FROM units WHERE model = ? AND unit = ?'),
      putPlace: database.prepare('INSERT OR REPLACE INTO units (model, unit, low, high) VALUES (?, ?, ?, ?)'),
      exposure: database.prepare(
        'SELECT stratum, arm, class, wrong, version FROM exposures WHERE model = ? AND id = ?'
      ),
      putExposure: database.prepare(
        `INSERT INTO exposures (model, id, stratum, arm, class, wrong, version) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (model, id) DO UPDATE SET wrong = excluded.wrong, version = excluded.version`
      ),
    };
  }

  place(model: string, unit: string): Place | undefined {
    return this.#statements.place.get(model, unit) as Place | undefined;
  }

  putPlace(model: string, unit: string, { low, high }: Place): void {
    this.#begin();
    this.#statements.putPlace.run(model, unit, low, high);
    if (++this.#sincePrune >= PRUNE_EVERY) this.#prune();
  }

  exposure(model: string, id: string): ExposureRow | undefined {
    const row = this.#statements.exposure.get(model, id) as Record<string, number | string | null> | undefined;
    if (!row) return undefined;
    return {
      index: row.stratum as number,
      arm: row.arm as Exposure['arm'],
      class: row.class as number,
      wrong: row.wrong === null ? null : row.wrong === 1,
      version: row.version as number | null,
    };
  }

  putExposure(model: string, id: string, { index, arm, class: top, wrong, version }: ExposureRow): void {
    this.#begin();
    this.#statements.putExposure.run(model, id, index, arm, top, wrong === null ? null : Number(wrong), version);
  }

  forget(model: string): void {
    for (const table of ['units', 'exposures'])
      this.#database.prepare(`DELETE FROM ${table} WHERE model = ?`).run(model);
  }

  #prune(): void {
    this.#sincePrune = 0;
    for (const table of ['units', 'exposures'])
      this.#database.prepare(`DELETE FROM ${table} WHERE seq <= (SELECT max(seq) FROM ${table}) - ?`).run(KEPT);
  }
}
