import { expect, it } from 'vitest';
import { type HarnessRecord, harnessFaults, tolerableLatenessMs } from '../../../src/domain/load/harness.ts';

const quiet: HarnessRecord = {
  latenessP50Ms: 0.01,
  latenessP99Ms: 0.4,
  lateShare: 0.01,
  longestBlockMs: 3,
  stealShare: 0.05,
  clockRatio: 1.0099,
};

it('accepts a run up to each limit', () => expect(harnessFaults(quiet)).toEqual([]));

it.each([
  [{ lateShare: 0.011 }, '1.1 % of the queries were issued late'],
  [{ stealShare: 0.2 }, 'the hypervisor took 20.0 % of the CPU'],
  [{ clockRatio: 0.98 }, 'the clocks ran apart (ratio 0.9800)'],
])('refuses %j', (more, fault) =>
  expect(harnessFaults({ ...quiet, ...more })).toEqual([expect.stringContaining(fault)])
);

it('tolerates 1 ms, or 2 % of a long limit', () =>
  expect([tolerableLatenessMs(), tolerableLatenessMs(20), tolerableLatenessMs(200)]).toEqual([1, 1, 4]));
