import { expect, it } from 'vitest';
import { closingDocument } from '../../src/domain/closing.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { EngagementState, PhaseRecord } from '../../src/domain/engagement.ts';
import { spec } from '../workflows/fakes.ts';

const waiver: Decision = {
  gate: 'baseline',
  outcome: 'waived',
  by: 'ana@example.org',
  comment: 'pilot',
  at: '2026-01-01T00:00:00.000Z',
  evidenceSha256: 'e',
};
const baseline: PhaseRecord = {
  name: 'baseline',
  attempt: 1,
  verdict: 'inconclusive',
  reason: 'few rows',
  checks: [],
  decision: waiver,
  startedAt: 's',
  endedAt: 'e',
};
const early: EngagementState = {
  spec: spec('closing'),
  phase: 'closed',
  candidates: [],
  phases: [baseline],
  released: [],
  customRecipes: [],
};
const ends = { startedAt: 's', endedAt: 'e', verdict: 'failed', reason: 'stopped' } as const;
const paths = { report: 'r.html', journal: 'j.jsonl' };

it('leaves what was never measured null instead of inventing it', () => {
  const document = closingDocument({ state: early, ...ends }, paths);
  expect(document).toMatchObject({
    baseline: null,
    optimized: null,
    chosen: null,
    rollout: null,
    host: null,
    candidates: [],
  });
});

it('lists a waiver once, also when a phase and its rollout name the same decision', () => {
  const second = { by: 'ben@example.org', comment: 'so do I', at: 'later' };
  const decision = { ...waiver, gate: 'rollout-100', second };
  const rollout = { verdict: 'successful', reason: '', stages: [], decisions: [decision], finalWeight: 100 } as const;
  const state = {
    ...early,
    phases: [baseline, { ...baseline, name: 'rollout', decision } as const],
    rollout: { ...rollout, stages: [], decisions: [decision] },
  };
  expect(closingDocument({ state, ...ends }, paths).waivers).toEqual([
    { gate: 'baseline', by: 'ana@example.org', comment: 'pilot' },
    {
      gate: 'rollout-100',
      by: 'ana@example.org',
      comment: 'pilot',
      second: { by: 'ben@example.org', comment: 'so do I' },
    },
  ]);
});
