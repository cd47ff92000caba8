import { ApplicationFailure } from '@temporalio/common';
import { FailureType } from '../domain/errors.ts';
import { ModelLoadFailed, ModelOutputInvalid, ModelRunFailed } from '../inference/errors.ts';

/** A model's own fault stays one however often it is tried; the host's passes and is tried again. */
export function permanentIfModels(error: unknown): unknown {
  const isModels = [ModelLoadFailed, ModelRunFailed, ModelOutputInvalid].some((type) => error instanceof type);
  return isModels ? ApplicationFailure.nonRetryable((error as Error).message, FailureType.ModelOutputInvalid) : error;
}
