import { nearest } from '../domain/nearest.ts';

/** Exit codes of the command line; `unsuccessful` says how what was watched ended. */
export const EXIT = { refused: 1, usage: 2, nothingListening: 3, unsuccessful: 4 } as const;

/** Ends a command with a sentence for people, the next step to take, and an exit code for scripts. */
export class CommandError extends Error {
  readonly exitCode: number;
  readonly next: string;
  readonly details: unknown;

  constructor(exitCode: number, message: string, next: string, details?: unknown) {
    super(message);
    this.exitCode = exitCode;
    this.next = next;
    this.details = details;
  }
}

/** What was named does not exist. */
export class NotFound extends CommandError {
  constructor(message: string, next: string) {
    super(EXIT.refused, message, next);
  }
}

/** Nothing is wrong with what was asked for: this machine cannot do it now. */
export class NotAvailable extends CommandError {
  constructor(message: string, next: string) {
    super(EXIT.refused, message, next);
  }
}

export function noSuchEngagement(name: string, known: string[]): NotFound {
  const near = nearest(name, known);
  const meant = near === undefined ? '' : `did you mean ${near}? `;
  return new NotFound(`there is no engagement '${name}'`, `${meant}\`stepdown list\` has all`);
}
