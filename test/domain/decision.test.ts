import { describe, expect, it } from 'vitest';
import { problemsOfChanges } from '../../src/domain/changes.ts';
import {
  afterStageGate,
  type DecisionInput,
  describeFirst,
  type GateStatus,
  refuseDecision,
} from '../../src/domain/decision.ts';
import { APPROVER, SECOND, spec } from '../workflows/fakes.ts';

const state = { spec: spec('changes'), released: ['int8-dynamic', 'int8-static'] };
const recipe = { toolkit: 'onnxruntime', scheme: 'int8-static' };

describe('what a decision is to change', () => {
  it.each<[string, unknown]>([
    ['thresholds, the others as agreed', { quality: { marginPoints: 1, confidence: 0.9 } }],
    [
      'a recipe',
      {
        recipes: [
          { ...recipe, calibration: { role: 'calibration', rows: 1000, method: 'entropy' }, options: { a: [] } },
        ],
      },
    ],
    ['candidates that passed', { candidates: ['int8-static'] }],
  ])('may be %s', (_, changes) => {
    expect(problemsOfChanges(changes, state)).toEqual([]);
  });

  it.each<[unknown, string, string]>([
    [{ quality: { marginPoint: 1 } }, 'quality.marginPoint', 'is not a known key; did you mean marginPoints?'],
    [{ quality: { confidence: 95 } }, 'quality.confidence', 'write a share between 0 and 1, not a percentage'],
    [{ quality: { metric: 'exactness' } }, 'quality.metric', 'text-classification is measured by'],
    [{ candidates: ['int8'] }, 'candidates.0', 'cannot go on; those that passed are int8-dynamic, int8-static'],
    [{ candidates: [] }, 'candidates', 'name a candidate; without `candidates` all that passed go on'],
    [{ recipes: [{ ...recipe, scheme: 'int9' }] }, 'recipes.0.scheme', 'must be one of fp16, int8-dynamic, '],
    [{ recipes: [{ ...recipe, options: { a: {} } }] }, 'recipes.0.options.a', 'give a text, a number, true, false or'],
    [{ recipes: [] }, 'recipes', 'give a recipe, or leave recipes out'],
    [{ margin: 1 }, 'margin', 'is not a known key; remove it, or write one of quality, recipes, candidates'],
    [null, '(the document)', 'is empty; give an object'],
  ])('cannot be %j', (changes, path, message) => {
    expect(problemsOfChanges(changes, state)).toEqual([expect.objectContaining({ path })]);
    expect(problemsOfChanges(changes, state)[0]!.message).toContain(message);
  });

  it('cannot name a candidate where none has passed', () => {
    expect(problemsOfChanges({ candidates: ['fp16'] }, { ...state, released: [] })).toEqual([
      { path: 'candidates.0', value: 'fp16', message: 'cannot go on; none has passed' },
    ]);
  });
});

const people = [
  { name: 'Ana', email: APPROVER },
  { name: 'Ben', email: SECOND },
];
const refusal = (input: Partial<DecisionInput>, gate: Partial<GateStatus> = {}) =>
  refuseDecision({ gate: 'ptq', verdict: 'successful', approvers: people, ...gate } as GateStatus, {
    ...{ gate: 'ptq', outcome: 'approved', by: APPROVER, comment: 'why', ...input },
  });

describe('a revision', () => {
  it.each<[Partial<DecisionInput>, Partial<GateStatus>, string]>([
    [{}, {}, "'revise' without changes would measure the same again: change quality or recipes"],
    [{ changes: { quality: {} } }, {}, 'without changes'],
    [{}, { gate: 'optimization', verdict: 'failed' }, 'change quality ('],
    [{}, { gate: 'rollout-100' }, "'revise' changes nothing at gate 'rollout-100': approve it to go on, or reject it"],
  ])('that would repeat what is known is refused: %j at %j', (input, gate, reason) => {
    expect(refusal({ gate: gate.gate ?? 'ptq', outcome: 'revise', ...input }, gate)).toContain(reason);
  });

  it.each<[Partial<DecisionInput>, Partial<GateStatus>]>([
    [{ changes: { quality: { marginPoints: 1 } } }, {}],
    [{}, { verdict: 'error' }],
    [{}, { gate: 'closing' }],
    [{}, { gate: 'qat' }],
    [{}, { gate: 'rollout-5', verdict: 'inconclusive' }],
  ])('that may come to something else is taken: %j at %j', (input, gate) => {
    expect(refusal({ gate: gate.gate ?? 'ptq', outcome: 'revise', ...input }, gate)).toBeUndefined();
  });
});

it.each([
  ['approved', 'successful', 'go on'],
  ['waived', 'inconclusive', 'go on'],
  ['revise', 'inconclusive', 'hold again'],
  ['revise', 'successful', 'ask again'],
  ['rejected', 'successful', 'come down'],
  ['expired', 'inconclusive', 'come down'],
] as const)('after %s at the gate of a stage that is %s a rollout is to %s', (outcome, verdict, step) => {
  expect(afterStageGate(outcome, verdict)).toBe(step);
});

describe('changes', () => {
  const quality = { marginPoints: 1 };
  it.each<[Partial<DecisionInput>]>([
    [{ outcome: 'revise', changes: { quality, recipes: [] } }],
    [{ outcome: 'approved', changes: { candidates: ['fp16'] } }],
    [{ gate: 'optimization', outcome: 'revise', changes: { quality } }],
  ])('are taken where they have an effect: %j', (input) => {
    expect(refusal(input, { gate: input.gate ?? 'ptq' })).toBeUndefined();
  });

  it.each<[Partial<DecisionInput>, string]>([
    [
      { changes: { quality } },
      "changes: quality does nothing with 'approved' at gate 'ptq', only with revise at baseline,",
    ],
    [{ outcome: 'revise', changes: { candidates: ['fp16'] } }, "changes: candidates does nothing with 'revise'"],
    [
      { gate: 'optimization', outcome: 'revise', changes: { recipes: [] } },
      "recipes does nothing with 'revise' at gate",
    ],
    [{ gate: 'rollout-5', outcome: 'revise', changes: { quality } }, "quality does nothing with 'revise' at gate"],
    [{ outcome: 'revise', changes: { margin: 1 } as never }, "changes: 'margin' is not one of quality, recipes,"],
  ])('are refused where they would do nothing: %j', (input, reason) => {
    expect(refusal(input, { gate: input.gate ?? 'ptq' })).toContain(reason);
  });
});

describe('the second of two people', () => {
  const first = {
    ...{ gate: 'ptq', outcome: 'waived' as const, by: APPROVER, comment: 'a pilot', at: '', evidenceSha256: 'abc' },
    changes: { candidates: ['int8-static'] },
  };
  const second = (input: Partial<DecisionInput>) =>
    refusal({ by: SECOND, outcome: 'waived', ...input }, { needsTwo: true, first });

  it('is shown what the first has said', () => {
    expect(describeFirst(first)).toBe(
      `${APPROVER} has decided (waived, “a pilot”, {"candidates":["int8-static"]}); a second person is needed`
    );
  });

  it.each<[string, Partial<DecisionInput>]>([
    ['agrees', {}],
    ['says the same', { changes: { candidates: ['int8-static'] } }],
    ['rejects', { outcome: 'rejected' }],
    ['revises with changes of their own', { outcome: 'revise', changes: { quality: { marginPoints: 1 } } }],
  ])('%s', (_, input) => {
    expect(second(input)).toBeUndefined();
  });

  it.each<[string, Partial<DecisionInput>, string]>([
    [
      'with other changes',
      { changes: { candidates: ['fp16'] } },
      'has decided with {"candidates":["int8-static"]}; decide',
    ],
    ['to another outcome', { outcome: 'approved' }, "has decided 'waived', not 'approved'; decide the same, or"],
  ])('cannot agree %s', (_, input, reason) => {
    expect(second(input)).toContain(`${APPROVER} ${reason}`);
  });
});
