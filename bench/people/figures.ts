import { setTimeout as sleep } from 'node:timers/promises';
import { readEvents } from '../../test/workflows/events.ts';
import { APPROVER } from '../../test/workflows/fakes.ts';
import type { Figure } from '../figure.ts';
import { type Fleet, nameOf, withFleet } from './fleet.ts';
import { Screen } from './screen.ts';

const PACE_MS = 300; // between what people do, so that one does not wait for another

export async function peopleFigures({ quick }: { quick: boolean }): Promise<Figure[]> {
  const [engagements, loads, decisions, events] = quick ? [100, 10, 20, 8] : [1_000, 40, 120, 40];
  return withFleet(engagements, async (fleet) => {
    console.error(`${engagements} engagements wait after ${(fleet.setUpMs / 1_000).toFixed(0)} s`);
    const people = new People(fleet);
    const screen = await Screen.open(fleet);
    try {
      const pages = await times(loads, () => screen.load());
      const [firstEvents, lists] = [
        await times(loads, () => people.firstEvent()),
        await times(loads, () => people.list()),
      ];
      await screen.show();
      const newest = Array.from({ length: events }, (_, i) => nameOf(engagements - 1 - i));
      const seen: { decided: number; phase: number }[] = [];
      for (const name of newest) {
        const before = Date.now();
        await people.decide(name);
        const { decidedAt, phaseAt } = await screen.seen(name);
        seen.push({ decided: decidedAt - before, phase: phaseAt - (await people.phaseAt(name)) });
        await sleep(PACE_MS);
      }
      const oldest = Array.from({ length: decisions }, (_, i) => nameOf(i));
      const decided: number[] = [];
      for (const name of oldest) {
        decided.push(await people.decide(name));
        await sleep(PACE_MS);
      }
      const of = `of ${engagements} engagements at gates`;
      const ms = (name: string, value: number, goal: number) => ({ name, value, unit: 'ms', goal, peer: null });
      return [
        ms(`portfolio ${of}: page to the rows on screen, p95 of ${loads}`, p95(pages), 300),
        ms(`portfolio ${of}: its API call alone, p95 of ${loads}`, p95(firstEvents), 300),
        ms(`portfolio ${of}: GET /api/engagements, p95 of ${loads}`, p95(lists), 300),
        ms(`decision at one ${of}: to the accepted answer, p95 of ${decisions}`, p95(decided), 200),
        ms(`decision at one ${of}: to the screen, p95 of ${events}`, p95(seen.map(({ decided }) => decided)), 1_000),
        ms(`phase change of one ${of}: to the screen, p95 of ${events}`, p95(seen.map(({ phase }) => phase)), 1_000),
        { name: `worker ${of}: peak memory`, value: fleet.workerMegabytes(), unit: 'MB', goal: 1_000, peer: null },
      ];
    } finally {
      await screen.close();
    }
  });
}

/** By the API, in the name of an approver. */
class People {
  readonly #fleet: Fleet;
  readonly #headers: Record<string, string>;
  #evidence: Map<string, string> | undefined;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#headers = { authorization: `Bearer ${fleet.access.issueToken(APPROVER, ['approver'])}` };
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#fleet.url}${path}`, { headers: this.#headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  list = (): Promise<number> => timed(() => this.#get('/api/engagements'));

  /** What the page asks: the whole portfolio is its first event. */
  firstEvent(): Promise<number> {
    return timed(async () => {
      const events = await readEvents(`${this.#fleet.url}/api/events`, this.#headers);
      await events.next();
      events.close();
    });
  }

  async decide(name: string): Promise<number> {
    this.#evidence ??= new Map(
      (await this.#get<{ gates: { engagement: string; evidenceSha256: string }[] }>('/api/gates')).gates.map(
        ({ engagement, evidenceSha256 }) => [engagement, evidenceSha256]
      )
    );
    const evidenceSha256 = this.#evidence.get(name);
    return timed(async () => {
      const response = await fetch(`${this.#fleet.url}/api/engagements/${name}/gates/baseline/decision`, {
        method: 'POST',
        headers: { ...this.#headers, 'content-type': 'application/json' },
        body: JSON.stringify({ outcome: 'approved', evidenceSha256 }),
      });
      const decision = await response.json();
      if (!response.ok) throw new Error(`${name}: ${JSON.stringify(decision)}`);
    });
  }

  /** When its workflow changed the phase, by Temporal's clock, which is this machine's. */
  async phaseAt(name: string): Promise<number> {
    const { searchAttributes } = await this.#fleet.client.workflow.getHandle(`engagement/${name}`).describe();
    if (searchAttributes.Phase?.[0] !== 'ptq') throw new Error(`${name} is in phase ${searchAttributes.Phase}`);
    return (searchAttributes.ChangedAt![0] as Date).getTime();
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

async function times(count: number, action: () => Promise<number>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    found.push(await action());
    await sleep(PACE_MS);
  }
  return found;
}

/** Nearest rank. */
function p95(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
}
