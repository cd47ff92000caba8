import { describe, expect, it } from 'vitest';
import type { CandidateResult } from '../../src/domain/engagement.ts';
import { best, OLDER_SPEED_TIE, optimizationPlan, ptqPlan, ranked, trainingPlan } from '../../src/domain/recipes.ts';
import { parseSpec } from '../../src/domain/spec.ts';
import { spec, specDocument } from '../workflows/fakes.ts';

const measured = (id: string, speedup: number, lost: number, over: Partial<CandidateResult> = {}) =>
  ({ id, verdict: 'successful', figures: { speedup, lost, flips: lost, sizeRatio: 0.25 }, ...over }) as CandidateResult;
const ids = (candidates: CandidateResult[]) => candidates.map(({ id }) => id);

describe('ranked candidates', () => {
  it('stand by speed where it differs', () => {
    expect(ids(ranked([measured('slow', 1.2, 0), measured('fast', 2, 9)]))).toEqual(['fast', 'slow']);
  });

  it.each([
    [1.5, 1.46],
    [1.46, 1.5],
  ])('stand by the rows they lose where speeds of %d and %d are as good as equal', (a, b) => {
    expect(ids(ranked([measured('loses-two', a, 2), measured('loses-one', b, 1)]))).toEqual(['loses-one', 'loses-two']);
  });

  it('stand by speed where one is 4 % slower, though it loses fewer rows', () => {
    const all = [measured('fewer', 1.44, 0), measured('faster', 1.5, 8)];
    expect(ids(ranked(all))).toEqual(['faster', 'fewer']);
    expect(ids(ranked(all, OLDER_SPEED_TIE.blocks))).toEqual(['fewer', 'faster']);
  });

  it('are ranked among the slower ones in the same way', () => {
    const all = [measured('x', 1.2, 3), measured('fast', 2, 9), measured('y', 1.17, 1)];
    expect(ids(ranked(all))).toEqual(['fast', 'y', 'x']);
  });

  it('leave out what was not measured, and the best of them holds every requirement', () => {
    const failed = measured('failed', 3, 0, { verdict: 'failed' });
    const { figures: _, ...unmeasured } = measured('unmeasured', 3, 0);
    expect(ids(ranked([unmeasured, failed]))).toEqual(['failed']);
    expect(best([failed, measured('holds', 1.1, 0)])?.id).toBe('holds');
    expect(best([failed])).toBeUndefined();
  });
});

describe('the plan of a race', () => {
  const plan = (changes: Record<string, unknown>) => ptqPlan(spec('race', changes));
  const everyone = ['onnxruntime', 'optimum', 'tensorrt'];

  it('is of ONNX Runtime alone unless others are asked for, and so was that of older engagements', () => {
    const { toolkits: _, ...older } = spec('race');
    const planned = ['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'];
    expect(plan({}).map(({ id }) => id)).toEqual(planned);
    expect(ptqPlan(older as ReturnType<typeof spec>).map(({ id }) => id)).toEqual(planned);
  });

  it('has of every toolkit what it can make of the package, INT4 last', () => {
    expect(plan({ toolkits: everyone }).map(({ id, recipe }) => [id, recipe.toolkit, recipe.scheme])).toEqual([
      ['fp16', 'onnxruntime', 'fp16'],
      ['int8-dynamic', 'onnxruntime', 'int8-dynamic'],
      ['int8-static', 'onnxruntime', 'int8-static'],
      ['optimum-int8-dynamic', 'optimum', 'int8-dynamic'],
      ['optimum-int8-static', 'optimum', 'int8-static'],
      ['tensorrt-fp16', 'tensorrt', 'fp16'],
      ['tensorrt-int8-static', 'tensorrt', 'int8-static'],
      ['int4-weight', 'onnxruntime', 'int4-weight'],
      ['tensorrt-int4-weight', 'tensorrt', 'int4-weight'],
    ]);
    const express = plan({ package: 'express', toolkits: ['tensorrt'] });
    expect(express.map(({ id }) => id)).toEqual(['tensorrt-fp16', 'tensorrt-int8-static']);
  });

  it('has only what the device runs', () => {
    const schemes = ['int8-static', 'int4-weight'];
    expect(plan({ schemes }).map(({ id }) => id)).toEqual(schemes);
    expect(plan({ schemes, toolkits: everyone }).map(({ id }) => id)).toEqual([
      'int8-static',
      'optimum-int8-static',
      'tensorrt-int8-static',
      'int4-weight',
      'tensorrt-int4-weight',
    ]);
    expect(plan({ schemes, package: 'express' }).map(({ id }) => id)).toEqual(['int8-static']);
  });

  it('calibrates by what each toolkit knows', () => {
    const methods = (method: string) =>
      plan({ toolkits: everyone, calibration: { rows: 50, method } }).flatMap(({ id, recipe: { calibration } }) =>
        calibration ? [[id, calibration.method, calibration.rows]] : []
      );
    expect(methods('percentile')).toEqual([
      ['int8-static', 'percentile', 50],
      ['optimum-int8-static', 'percentile', 50],
      ['tensorrt-fp16', 'minmax', 50],
      ['tensorrt-int8-static', 'entropy', 50],
      ['tensorrt-int4-weight', 'awq-clip', 50],
    ]);
    expect(methods('minmax')).toContainEqual(['tensorrt-int8-static', 'minmax', 50]);
  });

  it('varies a released candidate within its own toolkit', () => {
    const released = plan({ toolkits: everyone }).map(({ id, recipe }) =>
      measured(id, 2, 0, { recipe, scheme: recipe.scheme })
    );
    const variantOf = (id: string) =>
      optimizationPlan(
        spec('race'),
        released.filter((one) => one.id === id)
      );
    expect(variantOf('optimum-int8-dynamic')).toEqual([
      {
        id: 'optimum-int8-dynamic-per-channel',
        recipe: { toolkit: 'optimum', scheme: 'int8-dynamic', options: { perChannel: true } },
      },
    ]);
    expect(variantOf('int8-static')[0]!.recipe).toMatchObject({
      toolkit: 'onnxruntime',
      options: { perChannel: false },
    });
    expect(variantOf('tensorrt-int8-static')).toEqual([]);
  });

  const problemsOf = (changes: Record<string, unknown>) => {
    const parsed = parseSpec(specDocument('race', changes));
    return 'problems' in parsed ? parsed.problems.map(({ path, message }) => `${path}: ${message}`) : [];
  };

  it('is refused where the device runs nothing that can be tried, or fewer bits before INT8', () => {
    const problems = (schemes: unknown, toolkits = ['onnxruntime']) => problemsOf({ schemes, toolkits });
    const late = 'schemes: has fewer than 8 bits, which come after INT8; add int8-dynamic or int8-static';
    expect(problems(['fp16', 'int4-weight'])).toEqual([late]);
    expect(problems(['int2-weight'])).toEqual([late]);
    expect(problems(['int8-static', 'int8-static'])).toEqual(['schemes: names a scheme twice; name each once']);
    expect(problems(['int8-qat'])[0]).toMatch(/^schemes\.0: .*int8-static/);
    expect(problems(['fp16'], ['optimum'])).toEqual([
      'schemes: optimum makes none of these in package professional; name another scheme or toolkit',
    ]);
    expect(problems(['int8-dynamic', 'int2-weight'])).toEqual([]);
  });

  it('is refused where a toolkit is unknown, named twice, or none is named', () => {
    const problems = (toolkits: unknown) => problemsOf({ toolkits });
    expect(problems(['pytorch'])[0]).toMatch(/^toolkits\.0: must be one of onnxruntime, /);
    expect(problems(['optimum', 'optimum'])).toEqual(['toolkits: names a toolkit twice; name each once']);
    expect(problems([])[0]).toMatch(/^toolkits: /);
    expect(problems(['tensorrt', 'onnxruntime'])).toEqual([]);
  });
});

describe('the plan of a training', () => {
  const lost = { name: 'accuracy', verdict: 'failed', reason: 'lost' };
  const calibratedBy = (method: string, accuracyDropUpper: number, options?: Record<string, boolean>) => ({
    ...measured(`int8-static-${method}`, 1.5, 9),
    scheme: 'int8-static',
    checks: [lost],
    figures: { accuracyDropUpper },
    recipe: {
      toolkit: 'onnxruntime',
      scheme: 'int8-static',
      calibration: { role: 'calibration', rows: 50, method },
      ...(options && { options }),
    },
  });
  const plan = (...candidates: object[]) => trainingPlan(spec('training'), candidates as CandidateResult[])!;

  it.each(['entropy', 'percentile', 'minmax'])('begins with the ranges of %s where that lost the least', (method) => {
    const other = method === 'minmax' ? 'entropy' : 'minmax';
    const found = plan(calibratedBy(other, 0.08), calibratedBy(method, 0.04, { perChannel: false }));
    expect(found.from.id).toBe(`int8-static-${method}`);
    expect(found.plan.recipe).toEqual({
      toolkit: 'pytorch',
      scheme: 'int8-qat',
      calibration: { role: 'calibration', rows: 50, method },
      options: { perChannel: false },
    });
  });
});
