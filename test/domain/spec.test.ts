import { expect, it } from 'vitest';
import { parseSpec } from '../../src/domain/spec.ts';
import { APPROVER, spec, specDocument } from '../workflows/fakes.ts';

const { gates, rollout, quality, serving } = specDocument('given');
const problemsOf = (changes: Record<string, unknown> = {}) => {
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
  ['lets all differ', ramp({ disagreementPoints: 99 }), 'rollout.disagreementPoints: must be below 99'],
  ['lets all fail', ramp({ errorPoints: 99.5 }), 'rollout.errorPoints: must be below 99'],
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

it.each<[Record<string, unknown>, string]>([
  [{ packages: 'express' }, 'packages: is not a known key; did you mean package?'],
  [{ marginPoints: 1 }, 'marginPoints: is not a known key; did you mean quality.marginPoints?'],
  [{ quality: { ...quality, margin: 1 } }, 'quality.margin: is not a known key; did you mean marginPoints?'],
  [{ serving: { ...serving, slo_ms: 1 } }, 'serving.slo_ms: is not a known key; did you mean sloMs?'],
  [{ client: { name: 'Acme', fax: 1 } }, 'client.fax: is not a known key; remove it, or write one of name, contacts'],
  [{ package: 'profesional' }, 'package: must be one of express, professional, enterprise; did you mean professional?'],
  [{ serving: { ...serving, sloPercentile: 90 } }, 'serving.sloPercentile: must be one of 50, 95, 99'],
  [ramp({ router: { kind: 'haprox' } }), 'rollout.router.kind: must be one of haproxy, kserve, gateway-api; did you'],
  [{ search: { budget: 12 } }, "search.budget: write a duration such as '30 seconds', '2 hours' or '3 days'"],
  [{ search: { maximumTrials: 1.5 } }, 'search.maximumTrials: must be a whole number'],
  [{ slices: ['length'] }, 'slices.0: must be an object with name, column or an object with name, tokens'],
  [{ slices: [{ name: 'l', tokens: 32 }] }, 'slices.0.tokens: must be a list'],
  [{ client: null }, 'client: is empty; give an object with name: who it is for'],
  [{ serving: { sloPercentile: 99 } }, 'serving.sloMs: is missing; give a number: milliseconds that it may reach'],
  [{ toolkits: [] }, 'toolkits: must have at least 1 entry'],
  [{ gates: { approvers: [{ name: '', email: APPROVER }] } }, 'gates.approvers.0.name: must not be empty'],
  [{ gates: { approvers: [{ name: 'A', email: 'a' }] } }, 'gates.approvers.0.email: must be a mail address, such as'],
])('what is wrong with %j is said with what is allowed and the nearest name', (changes, problem) => {
  expect(problemsOf(changes)).toEqual([expect.stringContaining(problem)]);
});

it('needs a rollout of the packages that have one, and no other', () => {
  expect(problemsOf({ rollout: undefined })).toEqual([expect.stringContaining('rollout: is missing')]);
  expect(problemsOf({ rollout: undefined, package: 'express' })).toEqual([]);
});
