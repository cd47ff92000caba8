import { expect, it } from 'vitest';
import { parseSpec } from '../../src/domain/spec.ts';
import { APPROVER, spec, specDocument } from '../workflows/fakes.ts';

const { gates, rollout } = specDocument('given');
const problemsOf = (changes: Record<string, unknown>) => {
  const parsed = parseSpec(specDocument('refused', changes));
  return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
};
const ramp = (changes: object) => ({ rollout: { ...rollout, ...changes } });

it.each<[string, Record<string, unknown>, string]>([
  [
    'asks before no stage',
    ramp({ approvalBefore: [50, 10] }),
    'rollout.approvalBefore.1: is no stage; name 0 (shadow), 50,',
  ],
  [
    'needs two of one',
    { gates: { approvers: gates.approvers.slice(1), fourEyes: ['ptq'] } },
    'gates.fourEyes: needs two',
  ],
  [
    'needs two of one address',
    { gates: { approvers: ['Ana', 'A.'].map((name) => ({ name, email: APPROVER })), fourEyes: ['ptq'] } },
    'gates.fourEyes: needs two approvers with different addresses',
  ],
  ['reminds all the time', { gates: { ...gates, remindAfter: '0 seconds' } }, 'gates.remindAfter: must be at least a'],
  ['looks all the time', ramp({ lookEvery: '0.0001 seconds' }), 'rollout.lookEvery: must be at least a millisecond'],
  ['has no day', { support: { day: '0 days' } }, 'support.day: must be at least a millisecond'],
  [
    'lets all differ',
    ramp({ disagreementPoints: 99 }),
    'rollout.disagreementPoints: Too big: expected number to be <99',
  ],
  ['lets all fail', ramp({ errorPoints: 99.5 }), 'rollout.errorPoints: Too big: expected number to be <99'],
  [
    'has a margin of all',
    { quality: { metric: 'accuracy', marginPoints: 100, sliceMarginPoints: 100 } },
    'quality.marginPoints',
  ],
])('a specification is refused that %s', (_, changes, problem) => {
  expect(problemsOf(changes)).toEqual([expect.stringContaining(problem)]);
});

it('may ask before shadow and any stage, and for two people of two', () => {
  const asking = spec('asking', { ...ramp({ approvalBefore: [0, 50] }), gates: { ...gates, fourEyes: ['ptq'] } });
  expect(asking.rollout.approvalBefore).toEqual([0, 50]);
  expect(asking.gates.fourEyes).toEqual(['ptq']);
});
