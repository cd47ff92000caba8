import type { RouterConfig } from '../domain/router.ts';
import type { RouterStatus } from '../domain/traffic.ts';
import { messageOf, Refusal } from './errors.ts';
import { gatewayApi } from './routers/gateway-api.ts';
import { haproxy } from './routers/haproxy.ts';
import { kserve } from './routers/kserve.ts';
import { type Router, RouterRefused } from './routers/router.ts';

/** A router that was restarted, or that somebody else changed, is put right within this. */
const LOOK_EVERY_MS = 2_000;
const RETRY_MS = 250;

/** Keeps the router in front of the arms at the weight that the gateway wants, whatever happens to either. */
export class Steering {
  readonly #kind: RouterConfig['kind'];
  readonly #router: Router;
  readonly #wanted: () => number;
  #confirmed: number | null = null;
  #confirmedAt: string | null = null;
  #lastError: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #timer?: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(config: RouterConfig, wanted: () => number) {
    this.#kind = config.kind;
    this.#router = routerOf(config);
    this.#wanted = wanted;
  }

  get status(): RouterStatus {
    return { kind: this.#kind, weight: this.#confirmed, confirmedAt: this.#confirmedAt, lastError: this.#lastError };
  }

  /** Resolves once the router was read back with the weight that is wanted; rejects with why it was not. */
  settle(): Promise<void> {
    const attempt = this.#turn.then(() => this.#settle());
    this.#turn = attempt.catch(() => {});
    return attempt;
  }

  /** From now on until it is stopped, again and again. */
  keep(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const again = (afterMs: number) => {
      clearTimeout(this.#timer);
      if (!this.#stopped) this.#timer = setTimeout(() => this.keep(), afterMs);
    };
    this.settle().then(
      () => again(LOOK_EVERY_MS),
      () => again(RETRY_MS)
    );
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #settle(): Promise<void> {
    if (this.#stopped) return;
    try {
      const weight = this.#wanted();
      if (await this.#router.differenceFrom(weight)) {
        this.#confirmed = null;
        await this.#router.set(weight);
        const difference = await this.#router.differenceFrom(weight);
        if (difference) throw new Error(difference);
      }
      if (this.#confirmed !== weight) this.#confirmedAt = new Date().toISOString();
      this.#confirmed = weight;
      this.#lastError = null;
      if (this.#wanted() !== weight) await this.#settle(); // tripped meanwhile
    } catch (error) {
      this.#lastError = messageOf(error);
      throw error;
    }
  }
}

/** Rejects where the router is not reached, or has not what the configuration names; changes nothing. */
export async function reachRouter(config: RouterConfig): Promise<void> {
  await routerOf(config).differenceFrom(0).catch(refuseRouter);
}

/** In the words that the caller of the control plane reads. */
export function refuseRouter(error: unknown): never {
  throw new Refusal(error instanceof RouterRefused ? 422 : 503, `router: ${messageOf(error)}`);
}

function routerOf(config: RouterConfig): Router {
  switch (config.kind) {
    case 'haproxy':
      return haproxy(config);
    case 'kserve':
      return kserve(config);
    case 'gateway-api':
      return gatewayApi(config);
  }
}
