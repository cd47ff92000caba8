import { expect, it } from 'vitest';
import { describeEstimate, describeTraining, type TrainingEstimate } from '../../src/domain/training.ts';

const estimate: TrainingEstimate = {
  ...{ trainRows: 500, steps: 200, timedSteps: 5, secondsPerStep: 0.25, secondsPerEvaluation: 2, expectedSeconds: 720 },
};
const threads = { used: 1, secondsPerStep: { 1: 0.25, 2: 1.5 } };

it('says how many threads training takes of those there are, where it is known', () => {
  expect(describeEstimate({ ...estimate, threads })).toBe(
    '12.0 minutes of this host at most: 200 steps on the 500 train rows, 0.25 s each as 5 timed steps took on 1 of 2 threads, ' +
      'and evaluations of 2.0 s'
  );
  expect(describeEstimate(estimate)).toContain('5 timed steps took, and evaluations');
});

it('tells the threads of a finished training with its time', () => {
  const curve = [
    { step: 0, accuracy: 0.8, loss: 1 },
    { step: 150, accuracy: 0.9, loss: 0.5 },
  ];
  const record = {
    ...{
      key: 'k',
      model: { uri: 'a', sha256: 'a', bytes: 1 },
      trainRows: 500,
      steps: 200,
      bestStep: 150,
      curve,
      threads,
    },
    ...{ stoppedEarly: false, durationMs: 3_600_000 },
  };
  expect(describeTraining({ from: 'int8-static', record })).toBe(
    'quantization-aware training from int8-static: 80.00 % before, 90.00 % after 150 of 200 steps, 60.0 minutes on 1 of 2 threads'
  );
  expect(describeTraining({ from: 'int8-static', record: { ...record, durationMs: 9_000_000 } })).toContain(
    ', 2.5 hours on '
  );
});
