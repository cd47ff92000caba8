import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { gatesAt, openGateIds } from '../cli/engagements.ts';
import type { GateStatus } from '../domain/decision.ts';

const PATIENCE_MS = 1_000; // a page shows what is there, and the rest when it comes
const AT_ONCE = 50; // each is a query that a worker answers
const UNHEARD = { why: 'no worker has answered yet', next: 'is `stepdown up` running?' };

/** What of the open gates could not be learned, and what to do about it. */
export interface Missing {
  gates: number;
  why: string;
  next: string;
}

/** The open gates as far as they are known; workers are asked in the background, so that no page waits for one. */
export class KnownGates {
  readonly #client: Client;
  /** Both in the order of asking. */
  readonly #known = new Map<string, GateStatus>();
  readonly #silent = new Map<string, { why: string; next: string }>();
  #asking: Promise<unknown> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** In the order of the index, newest first; without those that are decided. */
  async look(): Promise<{ gates: GateStatus[]; missing: Missing | null }> {
    const ids = await openGateIds(this.#client);
    const open = new Set(ids);
    for (const gone of [this.#known, this.#silent]) for (const id of gone.keys()) if (!open.has(id)) gone.delete(id);
    this.#asking ??= this.#askAgain(ids).finally(() => (this.#asking = undefined));
    await Promise.race([this.#asking, sleep(PATIENCE_MS)]);
    const gates = ids.flatMap((id) => this.#known.get(id) ?? []).filter(({ decision }) => !decision);
    const unheard = ids.filter((id) => !this.#known.has(id));
    const said = [...this.#silent.values()].at(-1) ?? UNHEARD;
    return { gates, missing: unheard.length > 0 ? { gates: unheard.length, ...said } : null };
  }

  /** All that were never asked; of the others, those not heard of for longest: reminders, the first of two decisions. */
  async #askAgain(ids: string[]): Promise<unknown> {
    const first = (asked: Map<string, unknown>) => [...asked.keys()].slice(0, AT_ONCE);
    const never = ids.filter((id) => !this.#known.has(id) && !this.#silent.has(id));
    return Promise.all([this.#ask([...never, ...first(this.#silent)]), this.#ask(first(this.#known))]);
  }

  /** Until nobody answers: then the others need not wait for it. */
  async #ask(ids: string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const some = ids.slice(from, from + AT_ONCE);
      const gates = await gatesAt(this.#client, some, (id, { message: why, next }) => {
        this.#silent.delete(id);
        this.#silent.set(id, { why, next });
      });
      const heard = gates.flatMap((gate, i) => (gate ? [[some[i]!, gate] as const] : []));
      for (const [id, gate] of heard) {
        this.#silent.delete(id);
        this.#known.delete(id);
        this.#known.set(id, gate);
      }
      if (heard.length === 0) return;
    }
  }
}
