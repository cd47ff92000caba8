import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../storage/artifacts.ts';
import type { Person, Role } from './people.ts';

const CODE_MS = 15 * 60_000;
const SIGN_IN_MS = 10 * 60_000; // at the provider, with a second factor
const SESSION_MS = 12 * 3_600_000;
const REPLAY_MS = 24 * 3_600_000;

const TABLES = `
CREATE TABLE IF NOT EXISTS tokens (digest TEXT PRIMARY KEY, person TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS codes (digest TEXT PRIMARY KEY, person TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (digest TEXT PRIMARY KEY, person TEXT NOT NULL, csrf TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sign_ins (digest TEXT PRIMARY KEY, destination TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS id_tokens (digest TEXT PRIMARY KEY, sealed BLOB NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS links (digest TEXT PRIMARY KEY, outcome TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER, body TEXT, at INTEGER NOT NULL);
`;

type Dismissed = Record<'tokens' | 'codes' | 'sessions', number>;

const secret = () => randomBytes(32).toString('base64url');

/** Who may come in. Secrets are kept as digests only, in a file that its owner alone can read. */
export class Access {
  private readonly db: DatabaseSync;
  private readonly now: () => number;

  constructor(path: string, now: () => number = () => Date.now()) {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    this.now = now;
    this.db = new DatabaseSync(path);
    this.db.exec(
      `PRAGMA journal_mode=WAL; PRAGMA busy_timeout=5000; ${TABLES} DELETE FROM answers WHERE status IS NULL;`
    ); // those of a server that was killed
  }

  /** A token for programs; it is shown once. */
  issueToken(email: string, roles: Role[]): string {
    const token = secret();
    this.insert('tokens', sha256(token), { email, roles, isOwner: false });
    return token;
  }

  /** Takes away tokens, codes and sessions of a person; says how many of each there were. */
  dismiss(email: string): Dismissed {
    this.forgetExpired();
    const taken = (table: keyof Dismissed) =>
      Number(this.db.prepare(`DELETE FROM ${table} WHERE person ->> 'email' = ?`).run(email).changes);
    return { tokens: taken('tokens'), codes: taken('codes'), sessions: taken('sessions') };
  }

  personOf(token: string): Person | undefined {
    const row = this.db.prepare('SELECT person FROM tokens WHERE digest = ?').get(sha256(token));
    return row && (JSON.parse(row.person as string) as Person);
  }

  /** A code for one sign-in within a quarter of an hour. */
  issueCode(person: Person): string {
    const code = secret();
    this.insert('codes', sha256(code), person, CODE_MS);
    return code;
  }

  /** Whether a sign-in with this code would work now. */
  isRedeemable(code: string): boolean {
    const row = this.db.prepare('SELECT 1 FROM codes WHERE digest = ? AND expires > ?').get(sha256(code), this.now());
    return row !== undefined;
  }

  /** The session of a sign-in; undefined when the code is unknown, used or old. */
  redeem(code: string): string | undefined {
    const row = this.db
      .prepare('DELETE FROM codes WHERE digest = ? AND expires > ? RETURNING person')
      .get(sha256(code), this.now());
    return row && this.startSession(JSON.parse(row.person as string) as Person);
  }

  /** Ends after twelve hours, or when the identity provider's word for the person does. */
  startSession(person: Person, said?: { idToken: string; expires: number }): string {
    const session = secret();
    const expires = Math.min(this.now() + SESSION_MS, said?.expires ?? Number.POSITIVE_INFINITY);
    this.forgetExpired();
    this.db
      .prepare('INSERT INTO sessions VALUES (?, ?, ?, ?)')
      .run(sha256(session), JSON.stringify(person), secret(), expires);
    if (said)
      this.db
        .prepare('INSERT INTO id_tokens VALUES (?, ?, ?)')
        .run(sha256(session), seal(said.idToken, session), expires);
    return session;
  }

  session(session: string): { person: Person; csrf: string } | undefined {
    const row = this.db
      .prepare('SELECT person, csrf FROM sessions WHERE digest = ? AND expires > ?')
      .get(sha256(session), this.now());
    return row && { person: JSON.parse(row.person as string) as Person, csrf: row.csrf as string };
  }

  /** Gives back the ID token that the session began with, for the provider's sign-out. */
  endSession(session: string): string | undefined {
    this.db.prepare('DELETE FROM sessions WHERE digest = ?').run(sha256(session));
    const row = this.db.prepare('DELETE FROM id_tokens WHERE digest = ? RETURNING sealed').get(sha256(session));
    return row && unseal(row.sealed as Uint8Array, session);
  }

  /** The secret of a sign-in that a browser begins at the identity provider. */
  beginSignIn(destination: string): string {
    const begun = secret();
    this.forgetExpired();
    this.db.prepare('INSERT INTO sign_ins VALUES (?, ?, ?)').run(sha256(begun), destination, this.now() + SIGN_IN_MS);
    return begun;
  }

  /** Where the person wanted to go; undefined when the sign-in is unknown, finished or old. */
  takeSignIn(begun: string): string | undefined {
    const row = this.db
      .prepare('DELETE FROM sign_ins WHERE digest = ? AND expires > ? RETURNING destination')
      .get(sha256(begun), this.now());
    return row?.destination as string | undefined;
  }

  /** What was decided with a mail's link, so that it decides once. */
  usedLink(link: string): { outcome: string; at: string } | undefined {
    const row = this.db.prepare('SELECT outcome, at FROM links WHERE digest = ?').get(sha256(link));
    return row && { outcome: row.outcome as string, at: row.at as string };
  }

  /** False when somebody was faster. */
  takeLink(link: string, outcome: string): boolean {
    const at = new Date(this.now()).toISOString();
    return this.db.prepare('INSERT OR IGNORE INTO links VALUES (?, ?, ?)').run(sha256(link), outcome, at).changes === 1;
  }

  /** For a decision that was refused after the link was taken. */
  returnLink(link: string): void {
    this.db.prepare('DELETE FROM links WHERE digest = ?').run(sha256(link));
  }

  /** Begins a request under an idempotency key; what was answered, or is being answered, under it otherwise. */
  begin(key: string, request: string): 'new' | 'other request' | 'under way' | { status: number; body: string } {
    this.db.prepare('DELETE FROM answers WHERE at < ?').run(this.now() - REPLAY_MS);
    const { changes } = this.db
      .prepare('INSERT OR IGNORE INTO answers (key, request, at) VALUES (?, ?, ?)')
      .run(key, request, this.now());
    if (changes === 1) return 'new';
    const row = this.db.prepare('SELECT request, status, body FROM answers WHERE key = ?').get(key)!;
    if (row.request !== request) return 'other request';
    return row.status === null ? 'under way' : { status: row.status as number, body: row.body as string };
  }

  /** Keeps an answer; a fault of ours is forgotten, so that the request can be repeated. */
  finish(key: string, status: number, body: string): void {
    if (status >= 500) this.db.prepare('DELETE FROM answers WHERE key = ?').run(key);
    else this.db.prepare('UPDATE answers SET status = ?, body = ? WHERE key = ?').run(status, body, key);
  }

  /** Answers that a killed server never gave; for the one server, when it starts. */
  forgetUnanswered(): void {
    this.db.exec('DELETE FROM answers WHERE status IS NULL');
  }

  close(): void {
    this.db.close();
  }

  private forgetExpired(): void {
    for (const table of ['codes', 'sessions', 'sign_ins', 'id_tokens'])
      this.db.prepare(`DELETE FROM ${table} WHERE expires <= ?`).run(this.now());
  }

  private insert(table: 'tokens' | 'codes', digest: string, person: Person, lifetimeMs?: number): void {
    const expires = lifetimeMs === undefined ? [] : [this.now() + lifetimeMs];
    const marks = ['?', '?', ...expires.map(() => '?')].join(', ');
    this.db.prepare(`INSERT INTO ${table} VALUES (${marks})`).run(digest, JSON.stringify(person), ...expires);
  }
}

/** What is kept for a session can be read with its cookie only. */
const keyOf = (session: string): Buffer => createHmac('sha256', session).update('id token').digest();

function seal(text: string, session: string): Uint8Array {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyOf(session), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

function unseal(sealed: Uint8Array, session: string): string {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(session), sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return decipher.update(sealed.subarray(28), undefined, 'utf8') + decipher.final('utf8');
}
