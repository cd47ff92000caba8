/** An answer other than success, in the words that the client reads. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Further members of the answer, beside `error`. */
  readonly details: Record<string, unknown>;

  constructor(status: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** The arm has no running host, or lost it before the request reached it. */
export class ArmDown extends Error {
  override readonly name = 'ArmDown';
}

/** No answer in time; `dispatched` tells a slow host from a long queue. */
export class ArmTimeout extends Error {
  override readonly name = 'ArmTimeout';
  readonly dispatched: boolean;

  constructor(name: string, timeoutMs: number, dispatched: boolean) {
    super(`the ${name} arm gave no answer within ${timeoutMs} ms`);
    this.dispatched = dispatched;
  }
}

/** The server that runs an arm gave no answer, or failed. */
export class RemoteFailed extends Error {
  override readonly name = 'RemoteFailed';
}

/** The model answered with something that is not a classification of the rows it was given. */
export class OutputInvalid extends Error {
  override readonly name = 'OutputInvalid';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
