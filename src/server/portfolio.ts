import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { type EngagementLine, gatesAt, type Listed, type ListedGate, listed } from '../cli/lists.ts';
import type { Decision, GateStatus } from '../domain/decision.ts';
import { Lines } from './lines.ts';

const LOOK_MS = 250;
const WHOLE_MS = 300_000; // what was deleted is missed by looks from change to change
const OVERLAP_MS = 20_000; // the index has a change once the task that made it is over: within 10 s
const CLOCKS_MS = 10_000; // by which the clock here may be ahead of the one that times changes
const RECENT_MS = 1_000;
const BEGUN_MS = 3_000; // a gate that lists do not know for longer is an older one, or no worker has begun it
const ASK_AGAIN_MS = 2_000;
const AT_ONCE = 50; // each is a query that a worker answers

/** A gate in lists; its evidence is on its own page. */
export type GateLine = Omit<GateStatus, 'summary'>;

/** What of the open gates could not be learned, and what to do about it. */
export interface Missing {
  gates: number;
  why: string;
  next: string;
}

/** What waits where, newest first. */
export interface Portfolio {
  engagements: EngagementLine[];
  gates: GateLine[];
  /** Gates that lists do not know, while no worker answers for them: they are listed by name only. */
  missing: Missing | null;
}

/** Lines that take the place of earlier ones, and what is no longer there: names of engagements, workflows of gates. */
export interface Changes extends Portfolio {
  gone: { engagements: string[]; gates: string[] };
}

/**
 * All engagements and open gates, kept from Temporal's index: one look for however many readers, at what changed since
 * the last. Nobody looks while nobody reads.
 */
export class LivePortfolio {
  readonly #client: Client;
  readonly #epoch = randomBytes(6).toString('base64url');
  #version = 0;
  readonly #engagements = new Lines<EngagementLine>(JSON.stringify);
  readonly #gates = new Lines<GateStatus>(({ summary: _, ...line }) => JSON.stringify(line));
  /** Lines of engagements as the index has them: what they wait at may have been decided already. */
  readonly #indexed = new Map<string, { line: EngagementLine; changedAt: number }>();
  /** The gate of an engagement that was decided last. */
  readonly #decided = new Map<string, string>();
  /** Workflows of gates, by engagement and name. */
  readonly #ids = new Map<string, string>();
  readonly #unknown = new Map<string, ListedGate & { said?: Omit<Missing, 'gates'> }>();
  readonly #missing = new Lines<Missing | null>(JSON.stringify);
  readonly #waiting = new Set<() => void>();
  /** The latest change that was seen. */
  #until = 0;
  #wholeAt = Number.NEGATIVE_INFINITY;
  /** When a look was last over, and did not fail. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #last: { endedAt: number; promise: Promise<void> } | undefined;
  #asking = false;

  constructor(client: Client) {
    this.#client = client;
  }

  /** As the index had it a moment ago. */
  fresh(): Promise<void> {
    if (!this.#last || performance.now() - this.#last.endedAt >= LOOK_MS) {
      const last = { endedAt: Number.POSITIVE_INFINITY, promise: this.#look() };
      last.promise.catch(() => {}).finally(() => (last.endedAt = performance.now()));
      this.#last = last;
    }
    return this.#last.promise;
  }

  /** As it was a second ago at most, where that is known: what has changed since comes with the look under way. */
  async recent(): Promise<void> {
    const look = this.fresh();
    look.catch(() => {}); // told to who waits for it, now or at the next look
    if (performance.now() - this.#lookedAt > RECENT_MS) await look;
  }

  /** Waits for a change, and no longer than until the next look is due. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, LOOK_MS);
      this.#waiting.add(done);
    });
  }

  /** Names what `since` would add to. */
  get tag(): string {
    return `${this.#epoch}.${this.#version}`;
  }

  engagements(): string {
    return `{"engagements":[${this.#engagements.jsonSince(0)}]}`;
  }

  /** With their evidence. */
  gates(): string {
    return JSON.stringify({ gates: this.#gates.all() });
  }

  /** The open gate of this name. */
  gate(engagement: string, name: string): GateStatus | undefined {
    return this.#gates.get(this.#ids.get(`${engagement}/${name}`) ?? '');
  }

  /** What a reader lacks who has everything up to a tag: all of it where changes cannot be told, undefined where nothing. */
  since(tag: string | undefined): { kind: 'portfolio' | 'changes'; json: string } | undefined {
    const [epoch, number] = tag?.split('.') ?? [];
    const version = Number(number);
    const oldest = Math.max(this.#engagements.oldest, this.#gates.oldest);
    const isKnown = epoch === this.#epoch && version >= oldest && version <= this.#version;
    if (isKnown && version === this.#version) return undefined;
    const from = isKnown ? version : 0;
    const [engagements, gates] = [this.#engagements.jsonSince(from), this.#gates.jsonSince(from)];
    const parts = `"engagements":[${engagements}],"gates":[${gates}],"missing":${JSON.stringify(this.#missing.get('') ?? null)}`;
    if (!isKnown) return { kind: 'portfolio', json: `{${parts}}` };
    const gone = { engagements: this.#engagements.removedSince(from), gates: this.#gates.removedSince(from) };
    return { kind: 'changes', json: `{${parts},"gone":${JSON.stringify(gone)}}` };
  }

  /** What was decided here shows before the index has heard of it. */
  decided(engagement: string, decision: Decision): void {
    const gate = this.gate(engagement, decision.gate);
    if (!gate) return;
    const isFirst = gate.needsTwo && !gate.first && ['approved', 'waived'].includes(decision.outcome);
    this.#change((version) =>
      isFirst
        ? this.#putGate({ ...gate, first: decision }, Date.parse(decision.at), version)
        : this.#closeGate({ ...gate, startedAt: gate.openedAt }, version)
    );
  }

  async #look(): Promise<void> {
    const beganAt = Date.now();
    if (this.#until === 0) await this.#lookAtAll();
    else this.#take(await listed(this.#client, new Date(this.#until - OVERLAP_MS)));
    this.#until = Math.max(this.#until, beganAt - CLOCKS_MS); // else the last changes are listed again for ever
    this.#lookedAt = performance.now();
    if (performance.now() - this.#wholeAt >= WHOLE_MS) this.#lookAtAll().catch(() => {}); // there is a next one
  }

  async #lookAtAll(): Promise<void> {
    const upTo = this.#version;
    this.#wholeAt = performance.now();
    const found = await listed(this.#client);
    this.#take(found);
    const ids = new Set(found.gates.map(({ gate }) => gate.workflowId));
    const names = new Set(found.engagements.map(({ line }) => line.engagement));
    this.#change((version) => {
      this.#gates.removeOthers(ids, upTo, version);
      this.#engagements.removeOthers(names, upTo, version);
    });
    for (const id of this.#unknown.keys()) if (!ids.has(id)) this.#unknown.delete(id);
  }

  #take({ engagements, gates }: Listed): void {
    this.#change((version) => {
      for (const { gate: listed, changedAt } of gates) {
        const { workflowId, isRunning, gate } = listed;
        if (!isRunning || gate?.decision) this.#closeGate(listed, version);
        else if (gate) this.#putGate(gate, changedAt, version);
        else if (!this.#gates.get(workflowId) && !this.#unknown.has(workflowId)) this.#unknown.set(workflowId, listed);
      }
      for (const { line, changedAt } of engagements) {
        const known = this.#indexed.get(line.engagement);
        if (!known || known.changedAt <= changedAt) this.#indexed.set(line.engagement, { line, changedAt });
        this.#putEngagement(line.engagement, version);
      }
    });
    for (const { changedAt } of [...gates, ...engagements]) this.#until = Math.max(this.#until, changedAt);
    this.#ask().catch(() => {}); // whoever reads is told by the next look
  }

  #putGate(gate: GateStatus, changedAt: number, version: number): void {
    this.#unknown.delete(gate.workflowId);
    this.#gates.put(gate.workflowId, { line: gate, began: gate.openedAt, changedAt }, version);
    this.#ids.set(`${gate.engagement}/${gate.gate}`, gate.workflowId);
    this.#putEngagement(gate.engagement, version);
  }

  #closeGate({ workflowId, startedAt }: Pick<ListedGate, 'workflowId' | 'startedAt'>, version: number): void {
    const gate = this.#gates.get(workflowId);
    this.#unknown.delete(workflowId);
    this.#gates.remove(workflowId, startedAt, version);
    if (!gate) return;
    this.#decided.set(gate.engagement, gate.gate);
    this.#putEngagement(gate.engagement, version);
  }

  /** Its workflow learns of a decision after the gate has: until then the index has it wait on. */
  #putEngagement(name: string, version: number): void {
    const indexed = this.#indexed.get(name);
    if (!indexed) return;
    const { line, changedAt } = indexed;
    const at = line.awaitingGate;
    const isDecided = at !== null && this.#decided.get(name) === at && !this.gate(name, at);
    const shown = isDecided ? { ...line, awaitingGate: null } : line;
    this.#engagements.put(name, { line: shown, began: line.startedAt, changedAt }, version);
  }

  /** Gates that lists do not know are asked themselves, in the background, until nobody answers. */
  async #ask(): Promise<void> {
    if (this.#asking || (this.#unknown.size === 0 && !this.#missing.get(''))) return;
    this.#asking = true;
    const begun = [...this.#unknown.values()].filter(({ startedAt }) => Date.now() - Date.parse(startedAt) > BEGUN_MS);
    try {
      for (let from = 0; from < begun.length; from += AT_ONCE) {
        const ids = begun.slice(from, from + AT_ONCE).map(({ workflowId }) => workflowId);
        const gates = await gatesAt(this.#client, ids, (id, { message: why, next }) => {
          const unknown = this.#unknown.get(id);
          if (unknown) this.#unknown.set(id, { ...unknown, said: { why, next } });
        });
        const heard = gates.flatMap((gate) => gate ?? []);
        this.#change((version) => {
          for (const gate of heard) this.#putGate(gate, Date.parse(gate.openedAt), version);
        });
        if (heard.length === 0) break;
      }
      this.#tellMissing();
    } finally {
      setTimeout(() => (this.#asking = false), ASK_AGAIN_MS).unref();
    }
  }

  #tellMissing(): void {
    const silent = [...this.#unknown.values()].flatMap(({ said }) => said ?? []);
    const missing = silent.length > 0 ? { gates: silent.length, ...silent.at(-1)! } : null;
    this.#change((version) => this.#missing.put('', { line: missing, began: '', changedAt: 0 }, version));
  }

  #change(make: (version: number) => void): void {
    make(this.#version + 1);
    if (![this.#engagements, this.#gates, this.#missing].some(({ latest }) => latest > this.#version)) return;
    this.#version += 1;
    for (const wake of this.#waiting) wake();
  }
}
