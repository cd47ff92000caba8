import { ApplicationFailure } from '@temporalio/common';

/** Types of failures that no retry mends; workflows match on these, never on messages. */
export const FailureType = {
  BadRequest: 'BadRequest',
  NotAvailable: 'NotAvailable',
  DecisionRefused: 'DecisionRefused',
  CommandRefused: 'CommandRefused',
  ArtifactDamaged: 'ArtifactDamaged',
  ModelOutputInvalid: 'ModelOutputInvalid',
  RouteRefused: 'RouteRefused',
  MailRefused: 'MailRefused',
  WebhookRefused: 'WebhookRefused',
  RepeatedFault: 'RepeatedFault',
} as const;

export const NON_RETRYABLE: string[] = Object.values(FailureType);

/** What a computation on unchanging files throws, and throws again however often it is repeated. */
export const DETERMINISTIC = ['RangeError', 'TypeError', 'DatasetInvalid'];

export const decisionRefused = (reason: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(reason, FailureType.DecisionRefused);

export const commandRefused = (reason: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(reason, FailureType.CommandRefused);

export const artifactDamaged = (uri: string, expected: string, actual: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `${uri} is not what was stored: sha256 is ${actual}, ${expected} was recorded; restore it from a backup`,
    FailureType.ArtifactDamaged
  );

/** The innermost message: what the tool or the model said last. */
export function lastWords(error: unknown): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest instanceof Error ? deepest.message : String(deepest);
}
