import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { RouteConfig } from '../domain/traffic.ts';
import { ModelLoadFailed, startHost } from '../inference/host.ts';
import { Arm, type ArmName } from './arm.ts';
import { armsFault } from './classification.ts';
import { messageOf, Refusal } from './errors.ts';
import { newRoute } from './evidence.ts';
import { verifiedModelFile } from './model-file.ts';
import { connectRemote } from './remote.ts';
import { type Arms, Route } from './route.ts';
import { reachRouter } from './steering.ts';
import type { Store } from './store.ts';

const DRAIN_POLL_MS = 20;

/** The routes that are open, one per model; changes of one model are made one after the other. */
export class Routes {
  readonly #open = new Map<string, Route>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #store: Store;
  readonly #artifacts: string;
  readonly #drainMs: number;

  constructor({ store, artifacts, drainMs }: { store: Store; artifacts: string; drainMs: number }) {
    this.#store = store;
    this.#artifacts = artifacts;
    this.#drainMs = drainMs;
  }

  get(model: string): Route {
    const route = this.#open.get(model);
    if (!route) throw new Refusal(404, `no model '${model}' is served here`);
    return route;
  }

  all(): Route[] {
    return [...this.#open.values()];
  }

  /** Opens what the state file knows. An arm that does not start is tried again; traffic keeps its weight. */
  async restore(): Promise<void> {
    await Promise.all(
      this.#store.routes().map(async (state) => {
        const arms = this.#arms(state.config);
        const route = new Route(state, arms, this.#store);
        this.#open.set(state.config.model, route);
        route.steer();
        await Promise.all([arms.twin.keepOpen(), arms.candidate.keepOpen()]);
      })
    );
  }

  /** The same configuration again changes nothing; another rollout takes the place of the one before, at weight 0. */
  put(config: RouteConfig): Promise<Route> {
    return this.#inTurn(config.model, async () => {
      const configSha256 = createHash('sha256').update(canonicalJson(config)).digest('hex');
      const before = this.#open.get(config.model);
      if (before?.state.configSha256 === configSha256) return before;
      if (before?.state.config.rollout === config.rollout)
        throw new Refusal(
          409,
          `rollout '${config.rollout}' is open with another configuration; its evidence must not be mixed: use a new rollout`
        );
      const arms = await this.#openArms(config);
      const state = newRoute(config, configSha256);
      before?.retire();
      try {
        this.#store.putRoute(state);
      } catch (error) {
        await closeArms(arms);
        throw error;
      }
      const route = new Route(state, arms, this.#store);
      this.#open.set(config.model, route);
      route.steer();
      if (before) void this.#drain(before);
      return route;
    });
  }

  delete(model: string): Promise<void> {
    return this.#inTurn(model, async () => {
      const route = this.get(model);
      route.retire();
      this.#store.deleteRoute(model);
      this.#open.delete(model);
      await this.#drain(route);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((route) => route.close()));
  }

  #arms(config: RouteConfig): Arms {
    const arm = (name: ArmName) => {
      const remote = config.remotes?.[name];
      if (remote) return new Arm(name, (signal) => connectRemote(remote, signal));
      let path: string | undefined;
      return new Arm(name, async (signal) => {
        path ??= await verifiedModelFile(this.#artifacts, config[name]);
        return startHost({ modelPath: path, options: config.options, signal });
      });
    };
    return { twin: arm('twin'), candidate: arm('candidate') };
  }

  async #openArms(config: RouteConfig): Promise<Arms> {
    const arms = this.#arms(config);
    try {
      const [twin, candidate] = await Promise.all([
        arms.twin.open().catch((error: unknown) => refuseArm('twin', error)),
        arms.candidate.open().catch((error: unknown) => refuseArm('candidate', error)),
      ]);
      const fault = armsFault(twin, candidate, config.labels);
      if (fault) throw new Refusal(422, fault);
      if (config.router) await reachRouter(config.router);
      return arms;
    } catch (error) {
      await closeArms(arms);
      throw error;
    }
  }

  async #drain(route: Route): Promise<void> {
    const until = Date.now() + this.#drainMs;
    while (route.inFlight > 0 && Date.now() < until) await sleep(DRAIN_POLL_MS);
    await route.close();
  }

  #inTurn<T>(model: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(model) ?? Promise.resolve()).then(work, work);
    this.#turns.set(model, turn);
    return turn;
  }
}

function refuseArm(name: ArmName, error: unknown): never {
  if (error instanceof Refusal) throw new Refusal(error.status, `${name}: ${error.message}`);
  throw new Refusal(error instanceof ModelLoadFailed ? 422 : 503, `${name}: ${messageOf(error)}`);
}

const closeArms = ({ twin, candidate }: Arms) => Promise.all([twin.close(), candidate.close()]);
