import { describe, expect, it } from 'vitest';
import { noEvidence } from '../../src/domain/judge.ts';
import { stageVerdict, type WatchInput } from '../../src/domain/stage-verdict.ts';
import type { RolloutAction, RouteStatus } from '../../src/domain/traffic.ts';

const STARTED = Date.parse('2026-01-01T00:00:00.000Z');
const watch: WatchInput = {
  model: 'm',
  weight: 25,
  stage: '25%',
  startedAt: new Date(STARTED).toISOString(),
  minimumHoldMs: 10_000,
  maximumHoldMs: 60_000,
  minimumPairs: 100,
};

function status(action: RolloutAction, pairs: number, trip: RouteStatus['trip'] = null): RouteStatus {
  const served = { twin: 0, candidate: 7, replayed: 0 };
  return {
    model: 'm',
    rollout: 'r',
    configSha256: 'c',
    weight: 2500,
    stage: '25%',
    trip,
    counts: { ...noEvidence(), pairs: 900 },
    stageCounts: { ...noEvidence(), pairs },
    served,
    stageServed: served,
    judgement: { action, reason: `says ${action}`, evidence: [], expectedMorePairs: null },
  };
}

const trip = { at: 'now', reason: 'harm is proven', counts: noEvidence() };

describe('a stage', () => {
  it.each([
    ['is held before the minimum hold, whatever is proven', 9_999, status('promote', 500), undefined],
    ['is held while this stage has too few pairs of its own', 20_000, status('promote', 99), undefined],
    ['is held while nothing is proven', 20_000, status('hold', 500), undefined],
    ['passes after the minimum hold with proof and pairs', 10_000, status('promote', 100), 'successful'],
    ['fails at once when the gateway tripped', 1, status('rollback', 3, trip), 'failed'],
    ['is inconclusive, never a pass, when the maximum hold is over', 60_000, status('hold', 500), 'inconclusive'],
    ['is inconclusive when no data came at all', 60_000, status('hold', 0), 'inconclusive'],
    ['is inconclusive when proof is there but not from this stage', 60_000, status('promote', 99), 'inconclusive'],
  ])('%s', (_what, heldMs, route, verdict) => {
    expect(stageVerdict(watch, route, STARTED + heldMs)?.verdict).toBe(verdict);
  });

  it('leaves the shadow only once FP32 was compared with itself on a tenth of the pairs', () => {
    const shadow = { ...watch, weight: 0, stage: 'shadow' };
    const held = (pairs: number | undefined, heldMs: number) => {
      const proven = status('promote', 100);
      const floor = pairs === undefined ? undefined : { pairs, disagreements: 1 };
      return stageVerdict(shadow, { ...proven, counts: { ...proven.counts, floor } }, STARTED + heldMs);
    };
    expect(held(undefined, 20_000)).toBeUndefined();
    expect(held(9, 20_000)).toBeUndefined();
    expect(held(10, 20_000)).toMatchObject({ verdict: 'successful', counts: { floor: { pairs: 10 } } });
    expect(held(9, 60_000)).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('FP32 was compared with itself on 9 pairs, 10 are required'),
    });
  });

  it('counts the pairs of the stage and keeps the evidence of the whole rollout', () => {
    const result = stageVerdict(watch, status('promote', 120), STARTED + 10_000);
    expect(result).toMatchObject({ weight: 25, observations: 120, servedByCandidate: 7, counts: { pairs: 900 } });
  });

  it('says how many pairs were missing', () => {
    expect(stageVerdict(watch, status('hold', 40), STARTED + 60_000)?.reason).toContain(
      '40 pairs in this stage, 100 are required'
    );
  });
});
