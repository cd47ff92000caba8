import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { permanentIfModels, permanentIfRepeated } from '../../src/activities/model-fault.ts';
import { FailureType } from '../../src/domain/errors.ts';
import { HostDied, ModelLoadFailed } from '../../src/inference/errors.ts';

const judged = (attempt: number, error: unknown, judge = permanentIfRepeated) =>
  new MockActivityEnvironment({ attempt }).run(async () => judge(error));

it('repeats a fault twice, and gives up at the third with the same words', async () => {
  const fault = new Error('Segmentation fault in the calibrator');
  for (const attempt of [1, 2]) expect(await judged(attempt, fault)).toBe(fault);
  for (const attempt of [3, 40])
    expect(await judged(attempt, fault)).toMatchObject({
      nonRetryable: true,
      type: FailureType.RepeatedFault,
      message: 'Segmentation fault in the calibrator',
    });
});

it('leaves alone what is permanent already, and what was cancelled', async () => {
  const refused = ApplicationFailure.nonRetryable('no such row', FailureType.BadRequest);
  expect(await judged(5, refused)).toBe(refused);
  const environment = new MockActivityEnvironment({ attempt: 5 });
  const aborted = new Error('the worker shuts down');
  environment.cancel();
  expect(await environment.run(async () => permanentIfRepeated(aborted))).toBe(aborted);
});

it("ends a model's own fault at once, and a host's at the third attempt", async () => {
  const own = new ModelLoadFailed('not ONNX');
  expect(await judged(1, own, permanentIfModels)).toMatchObject({ nonRetryable: true, message: 'not ONNX' });
  const died = new HostDied({ code: null, signal: 'SIGKILL', lastWords: '' });
  expect(await judged(1, died, permanentIfModels)).toBe(died);
  expect(await judged(3, died, permanentIfModels)).toMatchObject({ type: FailureType.RepeatedFault });
});
