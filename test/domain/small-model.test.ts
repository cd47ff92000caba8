import { describe, expect, it } from 'vitest';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import { efficiencyChecks } from '../../src/domain/gates.ts';
import { countTime, tailOf } from '../../src/domain/latency-tail.ts';
import type { Scheme } from '../../src/domain/recipe.ts';
import { optimizationPlan, trainingPlan, worthSearching } from '../../src/domain/recipes.ts';
import { judgeConfigOf } from '../../src/domain/rollout-policy.ts';
import { smallPlans } from '../../src/domain/small-plans.ts';
import type { Check, Verdict } from '../../src/domain/verdict.ts';
import { spec } from '../workflows/fakes.ts';

const specOf = (asked: object) =>
  spec('small', { quality: { metric: 'accuracy', marginPoints: 1.5, sliceMarginPoints: 5, ...asked } });

const coverage = { integer: 39, float: 0, share: 1, operators: {}, fallbacks: [] };

function checksOf(asked: object, megabytes: number, speedupInterval: [number, number] = [1.2, 1.4]) {
  const latency = {
    speedup: speedupInterval[0] + 0.05,
    speedupInterval,
    noiseInterval: [0.98, 1.02] as [number, number],
  };
  const sizeBytes = { baseline: 90e6, candidate: megabytes * 1e6 };
  const checks = efficiencyChecks(specOf(asked).quality, { scheme: 'int2-weight', sizeBytes, latency, coverage });
  return new Map(checks.map((check) => [check.name, check]));
}

describe('a limit of size', () => {
  it.each<[number, Verdict, string]>([
    [10, 'successful', '10.00 MB, within the 10 MB there are; 0.111 of FP32'],
    [10.004, 'failed', '10.00 MB, more than the 10 MB there are'],
    [23.4, 'failed', '23.40 MB, more than the 10 MB there are'],
  ])('of 10 MB with a file of %d MB is %s', (megabytes, verdict, words) => {
    const size = checksOf({ maximumSizeMb: 10 }, megabytes).get('size')!;
    expect(size.verdict).toBe(verdict);
    expect(size.reason).toContain(words);
  });

  it('asks no more than that it is smaller where it is not given', () => {
    expect(checksOf({}, 89).get('size')).toEqual({
      name: 'size',
      verdict: 'successful',
      reason: "0.989 of FP32's size",
    });
    expect(checksOf({}, 90).get('size')!.verdict).toBe('failed');
  });
});

describe('a device without float', () => {
  const covered = (minimumIntegerCoverage: number, kept: number) =>
    efficiencyChecks(specOf({ minimumIntegerCoverage }).quality, {
      scheme: 'int8-static',
      sizeBytes: { baseline: 90e6, candidate: 23e6 },
      latency: null,
      coverage: { ...coverage, kept },
    }).find(({ name }) => name === 'integer-coverage')!;

  it.each<[number, number, Verdict]>([
    [1, 0, 'successful'],
    [1, 2, 'failed'],
    [0.99, 2, 'successful'],
  ])('where %d of the nodes must be integer, and a recipe keeps %d in FP32: %s', (minimum, kept, verdict) => {
    expect(covered(minimum, kept).verdict).toBe(verdict);
  });

  it('is told what keeps a candidate from it', () => {
    const told = '39 of 39 nodes with weights run on integer kernels';
    expect(covered(1, 2).reason).toBe(`${told}; the recipe keeps 2 more in FP32, and the device takes none`);
    expect(covered(0.9, 2).reason).toBe(told);
  });
});

describe('the speed that is asked for', () => {
  it.each<[object, [number, number], Verdict]>([
    [{}, [1.03, 1.1], 'successful'],
    [{}, [1.01, 1.1], 'failed'],
    [{ minimumSpeedup: 0.5 }, [0.55, 0.65], 'successful'],
    [{ minimumSpeedup: 0.5 }, [0.49, 0.65], 'failed'],
    [{ minimumSpeedup: 1.5 }, [1.4, 1.7], 'failed'],
    [{ minimumSpeedup: 1.5 }, [1.55, 1.7], 'successful'],
  ])('%j with the interval %j: %s', (asked, interval, verdict) => {
    expect(checksOf(asked, 10, interval).get('speed')!.verdict).toBe(verdict);
  });

  it('is told as a loss where it is one, also when it is accepted', () => {
    const { reason } = checksOf({ minimumSpeedup: 0.5 }, 10, [0.55, 0.65]).get('speed')!;
    expect(reason).toContain('is not faster than FP32 beyond the noise; 0.5x was asked');
  });

  it('is what the rollout calls slow, too', () => {
    expect(judgeConfigOf(specOf({ minimumSpeedup: 0.5 })).guardrails!.slowdown).toBe(2);
    expect(judgeConfigOf(specOf({})).guardrails).not.toHaveProperty('slowdown');
    const times: number[] = [];
    for (let ms = 1; ms <= 1000; ms++) countTime(times, ms <= 990 ? 10 ** (1 + (ms % 99) / 50) : 10_000);
    const [tail, stretched] = [tailOf(times)!, tailOf(times, 2)!];
    expect(stretched.ms / tail.ms).toBeGreaterThanOrEqual(2);
    expect(stretched.ms / tail.ms).toBeLessThan(2.1);
    expect(stretched.rate).toBe(0.01);
    expect(tail.rate).toBeGreaterThan(0.01);
  });
});

const lost: Check = { name: 'accuracy', verdict: 'failed', reason: 'lost' };
const tooLarge: Check = { name: 'size', verdict: 'failed', reason: 'too large' };
const candidate = (id: string, scheme: Scheme, accuracyDropUpper: number, checks: Check[]) =>
  ({
    id,
    scheme,
    checks,
    recipe: { toolkit: 'onnxruntime', scheme, options: { blockSize: 64 } },
    figures: { accuracyDropUpper, speedup: 2 },
  }) as unknown as CandidateResult;

describe('fewer bits', () => {
  it('are tried for a limit of size only: INT4 first, then 2-bit weights', () => {
    expect(smallPlans(specOf({}))).toEqual([]);
    const [int4, int2] = smallPlans(specOf({ maximumSizeMb: 10 }));
    expect(new Set(int4!.map(({ recipe }) => recipe.scheme))).toEqual(new Set(['int4-weight']));
    expect(new Set(int2!.map(({ recipe }) => recipe.scheme))).toEqual(new Set(['int2-weight']));
  });

  it('are left out where the device does not run them', () => {
    const schemesOf = (schemes: string[]) =>
      smallPlans({ ...specOf({ maximumSizeMb: 10 }), schemes: schemes as Scheme[] as never }).map((plan) => [
        ...new Set(plan.map(({ recipe }) => recipe.scheme)),
      ]);
    expect(schemesOf(['int8-static', 'int2-weight'])).toEqual([[], ['int2-weight']]);
    expect(schemesOf(['int8-static', 'int4-weight'])).toEqual([['int4-weight'], []]);
  });

  it('are trained from the candidate that lost the least and lacks nothing else', () => {
    const found = trainingPlan(specOf({}), [
      candidate('int4', 'int4-weight', 0.01, [lost, tooLarge]),
      candidate('near', 'int2-weight', 0.03, [lost]),
      candidate('far', 'int2-weight', 0.06, [lost]),
    ])!;
    expect(found.from.id).toBe('near');
    expect(found.plan).toEqual({
      id: 'int2-qat',
      recipe: { toolkit: 'pytorch', scheme: 'int2-qat', options: { blockSize: 64 } },
    });
    expect(trainingPlan(specOf({}), [candidate('int4', 'int4-weight', 0.01, [lost, tooLarge])])).toBeUndefined();
  });

  it('are not searched for layers to keep in FP32, and INT4 with its tables has no variant with them', () => {
    expect(worthSearching([candidate('small', 'int2-weight', 0.03, [lost])])).toBeUndefined();
    const small = candidate('int4-weight-small', 'int4-weight', 0, []);
    small.recipe.options = { embeddings: true };
    expect(optimizationPlan(specOf({}), [small])).toEqual([]);
  });
});
