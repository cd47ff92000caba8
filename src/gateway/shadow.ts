import { setImmediate as whatIsUnderWay } from 'node:timers/promises';
import type { RunResult } from '../inference/host.ts';
import type { ArmName } from './arm.ts';
import { ArmDown, ArmTimeout } from './errors.ts';
import type { InferRequest } from './protocol.ts';
import type { Route } from './route.ts';

export interface Comparison {
  id: string;
  request: InferRequest;
  /** The arm that answered the client, and its classes. */
  arm: ArmName;
  classes: number[];
  result: RunResult;
}

/** Runs sampled requests on the arm that the client did not get; never makes a client wait. */
export class Shadow {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #running = new Set<Promise<void>>();

  constructor(limit: number, timeoutMs: number) {
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
  }

  /** Shed at once when too many wait already. */
  compare(route: Route, comparison: Comparison): void {
    if (this.#running.size >= this.#limit || route.state.trip) {
      if (!route.state.trip) route.countShed();
      route.noLongerAwaited(comparison.id);
      return;
    }
    const run = this.#run(route, comparison)
      .catch((error: unknown) => console.error('a comparison could not be recorded:', error))
      .finally(() => {
        route.noLongerAwaited(comparison.id);
        this.#running.delete(run);
      });
    this.#running.add(run);
  }

  get waiting(): number {
    return this.#running.size;
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(route: Route, { id, request, ...own }: Comparison): Promise<void> {
    await whatIsUnderWay(); // the client's answer is written first
    const name = own.arm === 'twin' ? 'candidate' : 'twin';
    const other = await this.#answerOn(name, route, request);
    if (!other) return;
    const [twin, candidate] = own.arm === 'twin' ? [own, other] : [other, own];
    const pairs = twin.classes.map((top, row) => ({ twin: top, candidate: candidate.classes[row]! }));
    if (!route.recordPairs(id, pairs, twin.result) || !route.isForFloor(id)) return;
    const again = await this.#answerOn('twin', route, request);
    if (again) route.recordFloor(twin.classes, again.classes);
  }

  /** The other arm's answer, or undefined when there is nothing to compare; a candidate's failure is evidence. */
  async #answerOn(other: ArmName, route: Route, request: InferRequest) {
    const options = { timeoutMs: this.#timeoutMs, priority: 'comparison', patient: false } as const;
    try {
      const result = await route.arms[other].run(request.feeds, options);
      const classes = route.classesOf(result, request.rows);
      if (other === 'candidate') route.countCandidateRun(false);
      return { result, classes };
    } catch (error) {
      const neverRan = error instanceof ArmDown || (error instanceof ArmTimeout && !error.dispatched);
      if (other === 'candidate' && !neverRan) route.countCandidateRun(true);
      else route.countShed();
      return undefined;
    }
  }
}
