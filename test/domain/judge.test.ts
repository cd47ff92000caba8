import { describe, expect, it } from 'vitest';
import { harmProven, judge, noEvidence } from '../../src/domain/judge.ts';
import { HARM_BETS } from '../../src/domain/rollout-policy.ts';
import { seededRandom } from '../../src/domain/statistics/random.ts';
import type { EvidenceCounts, JudgeConfig, RolloutAction } from '../../src/domain/traffic.ts';

const config: JudgeConfig = {
  margin: 0.015,
  disagreementBudget: 0.1,
  errorBudget: 0.01,
  alphaRollback: 0.05,
  alphaPromote: 0.05,
};

const counts = (changes: Partial<EvidenceCounts>): EvidenceCounts => ({ ...noEvidence(), ...changes });
const labelled = (plus: number, minus: number, zero: number) =>
  counts({ pairs: plus + minus + zero, disagreements: plus + minus, plus, minus, zero });

describe('judge', () => {
  it('holds without data, and says so', () => {
    const judgement = judge(noEvidence(), config);
    expect(judgement.action).toBe('hold');
    expect(judgement.reason).toContain('no data is no proof');
    expect(judgement.expectedMorePairs).toBeNull();
    expect(judgement.evidence.map(({ lnE }) => lnE)).toEqual([0, 0, 0, 0, 0]);
  });

  it('splits alpha over the tests of each action', () => {
    const { evidence } = judge(noEvidence(), { ...config, alphaRollback: 0.03, alphaPromote: 0.02 });
    const bounds = evidence.map(({ name, action, bound }) => [name, action, bound.toFixed(6)]);
    const rollback = Math.log(100).toFixed(6);
    const promote = Math.log(100).toFixed(6);
    expect(bounds).toEqual([
      ['disagreement-alarm', 'rollback', rollback],
      ['labelled-worse', 'rollback', rollback],
      ['error-rate', 'rollback', rollback],
      ['disagreement-certificate', 'promote', promote],
      ['labelled-noninferior', 'promote', promote],
    ]);
  });

  const cases: [string, EvidenceCounts, RolloutAction, string][] = [
    ['disagreement far above the budget', counts({ pairs: 100, disagreements: 40 }), 'rollback', 'disagree in more'],
    ['labels that the candidate loses', labelled(40, 5, 300), 'rollback', 'accuracy fell by more than 0.75 points'],
    ['a candidate that fails', counts({ candidateRequests: 50, candidateErrors: 10 }), 'rollback', '10 of 50 requests'],
    ['agreement within the margin', counts({ pairs: 1_000, disagreements: 2 }), 'promote', 'less than the margin'],
    ['labels without a loss', labelled(15, 14, 1_500), 'promote', 'accuracy fell by less than the margin'],
    ['little data', counts({ pairs: 30 }), 'hold', 'more pairs are expected'],
    ['disagreement at the margin', counts({ pairs: 900, disagreements: 14 }), 'hold', 'not be proven without labels'],
  ];

  it.each(cases)('on %s', (_name, evidence, action, words) => {
    const judgement = judge(evidence, config);
    expect(judgement.action).toBe(action);
    expect(judgement.reason).toContain(words);
    expect(harmProven(evidence, config) !== undefined).toBe(action === 'rollback');
  });

  it('rolls back where harm and non-inferiority are both proven', () => {
    const both = counts({ pairs: 2_000, candidateRequests: 100, candidateErrors: 30 });
    const judgement = judge(both, config);
    expect(judgement.evidence.find(({ name }) => name === 'disagreement-certificate')!.lnE).toBeGreaterThan(4);
    expect(judgement.action).toBe('rollback');
  });

  it('reads a disagreement beside that of the twin with itself', () => {
    const floor = { pairs: 50, disagreements: 1 };
    const judged = judge(counts({ pairs: 900, disagreements: 14, floor }), config);
    expect(judged.reason).toContain('14 of 900 pairs differ, FP32 from itself in 1 of 50');
    expect(judged.evidence).toEqual(judge(counts({ pairs: 900, disagreements: 14 }), config).evidence);
  });

  it('finds harm with fewer pairs by the larger bets, and keeps to all where none are given', () => {
    const seen = labelled(90, 30, 2_880);
    const { evidence } = judge(seen, config);
    const lnE = (harmBets?: number[]) =>
      judge(seen, { ...config, harmBets }).evidence.find(({ name }) => name === 'labelled-worse')!.lnE;
    expect(lnE()).toBe(evidence.find(({ name }) => name === 'labelled-worse')!.lnE);
    expect(lnE(HARM_BETS)).toBeGreaterThan(lnE() + 0.3);
  });

  it('expects as many more pairs as then suffice', () => {
    const now = counts({ pairs: 200, disagreements: 1 });
    const { expectedMorePairs } = judge(now, config);
    const factor = (more: number) => (200 + more) / 200;
    const later = (more: number) => judge(counts({ pairs: 200 * factor(more), disagreements: factor(more) }), config);
    expect(later(expectedMorePairs!).action).toBe('promote');
    expect(later(expectedMorePairs! - 2).action).toBe('hold');
  });

  it('uses the harm margin that it is given', () => {
    const slightlyWorse = labelled(160, 100, 20_000);
    expect(judge(slightlyWorse, { ...config, harmMargin: 0 }).action).toBe('rollback');
    expect(judge(slightlyWorse, config).action).toBe('promote');
  });
});

describe('judge, looked at all along simulated rollouts', () => {
  const rollouts = 300;

  /** How many rollouts took the action at any time within `pairs`. */
  function share(action: RolloutAction, rates: { plus: number; minus: number }, pairs: number): number {
    const random = seededRandom(20_240_601);
    let taken = 0;
    for (let rollout = 0; rollout < rollouts; rollout++) {
      const seen = noEvidence();
      for (let pair = 0; pair < pairs; pair++) {
        const draw = random.next();
        const outcome = draw < rates.plus ? 'plus' : draw < rates.plus + rates.minus ? 'minus' : 'zero';
        seen[outcome]++;
        seen.pairs++;
        if (outcome !== 'zero') seen.disagreements++;
        // The evidence for harm grows with a loss only, and that for non-inferiority without one.
        if (action === 'rollback' ? outcome === 'plus' && harmProven(seen, config) : isPromoted(seen, outcome)) {
          taken++;
          break;
        }
      }
    }
    return taken / rollouts;
  }

  const isPromoted = (seen: EvidenceCounts, outcome: string) =>
    outcome !== 'plus' && seen.pairs % 20 === 0 && judge(seen, config).action === 'promote';

  it('rolls back fewer than alpha of the candidates that are as good as the twin', () => {
    expect(share('rollback', { plus: 0.02, minus: 0.02 }, 3_000)).toBeLessThanOrEqual(config.alphaRollback);
  });

  it('rolls back fewer than alpha of the candidates that are worse by the harm margin', () => {
    expect(share('rollback', { plus: 0.0175, minus: 0.01 }, 3_000)).toBeLessThanOrEqual(config.alphaRollback);
  });

  it('promotes fewer than alpha of the candidates that are at the margin', () => {
    expect(share('promote', { plus: 0.025, minus: 0.01 }, 2_000)).toBeLessThanOrEqual(config.alphaPromote);
  });

  it('rolls back nearly every candidate that lost ten points, within 500 pairs', () => {
    expect(share('rollback', { plus: 0.12, minus: 0.02 }, 500)).toBeGreaterThan(0.95);
  });

  it('promotes nearly every candidate that agrees but for 0.2 %, within 2,000 pairs', () => {
    expect(share('promote', { plus: 0.001, minus: 0.001 }, 2_000)).toBeGreaterThan(0.95);
  });
});
