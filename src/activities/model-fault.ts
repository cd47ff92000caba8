import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { FailureType, lastWords } from '../domain/errors.ts';
import { ModelLoadFailed, ModelOutputInvalid, ModelRunFailed } from '../inference/errors.ts';

const FAULTS = 3;

/**
 * Ends what faults on its third attempt or a later one. Attempts that a lost worker cost fault nowhere, so that they are
 * repeated for as long as it takes.
 */
export function permanentIfRepeated(error: unknown): unknown {
  const { info, cancellationSignal } = Context.current();
  if (info.attempt < FAULTS || cancellationSignal.aborted || error instanceof ApplicationFailure) return error;
  return ApplicationFailure.nonRetryable(lastWords(error), FailureType.RepeatedFault);
}

/** A model's own fault stays one however often it is tried; the host's passes and is tried again. */
export function permanentIfModels(error: unknown): unknown {
  const isModels = [ModelLoadFailed, ModelRunFailed, ModelOutputInvalid].some((type) => error instanceof type);
  return isModels
    ? ApplicationFailure.nonRetryable((error as Error).message, FailureType.ModelOutputInvalid)
    : permanentIfRepeated(error);
}
