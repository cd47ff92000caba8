/** What stands in front of the arms and splits the clients between them. */
export interface Router {
  /** Sends so many basis points of the clients to the candidate; at 0 not even those that are pinned to it. */
  set(weight: number): Promise<void>;
  /** Reads back; returns how it differs from what was set, or undefined. */
  differenceFrom(weight: number): Promise<string | undefined>;
}

/** The router was reached and will not do it, now or later: a name, a permission or a setting is wrong. */
export class RouterRefused extends Error {
  override readonly name = 'RouterRefused';
}
