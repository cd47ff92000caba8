import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/cli/decide.ts';
import { kickOff, statusOf } from '../../src/cli/engagements.ts';
import type { Outcome } from '../../src/domain/decision.ts';
import type { CandidateResult, SourceFiles } from '../../src/domain/engagement.ts';
import { FailureType, lastWords } from '../../src/domain/errors.ts';
import { engagementId } from '../../src/domain/ids.ts';
import type { Trial } from '../../src/domain/measurement.ts';
import type { Recipe } from '../../src/domain/recipe.ts';
import type { Verdict } from '../../src/domain/verdict.ts';
import type { engagement } from '../../src/workflows/engagement.ts';
import { engagementQuery } from '../../src/workflows/messages.ts';
import { APPROVER, data, fakeActivities, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { figuresOf, judgedAs, ref } from './measured.ts';

const sources: SourceFiles = { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} };

/** Only what was trained holds the margin; `made` is asked what each candidate was quantized from. */
const onlyTrainingHelps = {
  prepareData: async () => ({
    model: { bytes: 1, inputs: ['x'], outputs: ['y'], opset: 17, parameters: 1 },
    data: { calibration: data, selection: data, holdout: data, production: data, train: data },
  }),
  judgeCandidate: async (input: CandidateResult & { trial: Trial }): Promise<CandidateResult> => {
    const verdict: Verdict = input.recipe.scheme === 'int8-qat' ? 'successful' : 'failed';
    const figures = { ...figuresOf(), accuracyDropUpper: 0.1 };
    const checks = [{ name: 'accuracy', verdict, reason: 'r' }];
    return judgedAs(input, { figures, verdict, reason: 'r', checks });
  },
  evaluateSubset: async () => ({ key: 'e', rows: 10, of: 40, lost: 9, won: 0, verdict: null, holds: false }),
  judgePtq: async () => ({
    checks: [{ name: 'candidates', verdict: 'failed' as const, reason: 'none holds' }],
    summary: 'figures',
    evidence: ref('evidence'),
  }),
};

async function answer(client: Client, name: string, gate: string, outcome: Outcome = 'approved') {
  await eventually(async () => {
    const { gate: open } = await statusOf(client, name);
    if (open?.gate !== gate) return undefined;
    return decide(client, name, { gate, outcome, by: APPROVER, comment: 'because' });
  }, `gate ${gate}`);
}

const closing = (client: Client, name: string) =>
  client.workflow.getHandle<typeof engagement>(engagementId(name)).result();

describe('quantization-aware training', () => {
  it('is proposed when no post-training candidate holds, trained on approval and judged like every candidate', async () => {
    const sourcesOf: Record<string, string> = {};
    const quantizeCandidate = async ({ id, ...input }: { id?: string; sources: typeof sources }) => {
      if (id) sourcesOf[id] = input.sources.model.uri;
      return { key: `key-${id}`, quantized: { model: ref('int8') } };
    };
    await withWorker({ ...onlyTrainingHelps, quantizeCandidate }, async (client, { asked }) => {
      const name = uniqueName();
      await kickOff(client, spec(name), sources, 'tester');
      for (const gate of ['baseline', 'qat', 'optimization', 'rollout-100']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.phases.map(({ name, verdict, goesOn }) => [name, verdict, goesOn ?? false])).toEqual([
        ['baseline', 'successful', false],
        ['ptq', 'failed', true],
        ['optimization', 'successful', false],
        ['rollout', 'successful', false],
      ]);
      expect(asked).toContain('training int8-qat');
      expect(state.chosen).toBe('int8-qat');
      expect(state.training).toMatchObject({ from: 'int8-static', decision: { gate: 'qat' }, record: { steps: 5 } });
      expect(sourcesOf).toMatchObject({ 'int8-static': ref('fp32').uri, 'int8-qat': ref('trained').uri });
    });
  });

  it('is proposed for a device that runs static INT8 and no float, and no layer is looked for to keep in FP32', async () => {
    const quality = { metric: 'accuracy', marginPoints: 1.5, sliceMarginPoints: 5, minimumIntegerCoverage: 1 };
    const searched = async (changes: Record<string, unknown>) => {
      let found = '';
      await withWorker(onlyTrainingHelps, async (client, { asked }) => {
        const name = uniqueName();
        await kickOff(client, spec(name, { ...changes, schemes: ['int8-static'] }), sources, 'tester');
        for (const gate of ['baseline', 'qat', 'optimization', 'rollout-100']) await answer(client, name, gate);
        expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
        const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
        const tried = [...new Set(state.candidates.map(({ scheme }) => scheme))];
        expect(tried).toEqual(['int8-static', 'int8-qat']);
        expect(asked).toContain('training int8-qat');
        found = state.sensitivity ? 'searched' : 'not searched';
      });
      return found;
    };
    expect(await searched({ quality })).toBe('not searched');
    expect(await searched({})).toBe('searched');
  });

  it('keeps the ranges of the calibration that lost the least, in training and in what is quantized of it', async () => {
    const judgeCandidate = async (input: CandidateResult & { trial: Trial }) => {
      const { figures, ...judged } = await onlyTrainingHelps.judgeCandidate(input);
      const accuracyDropUpper = input.id === 'int8-static-entropy' ? 0.04 : 0.1;
      return { ...judged, figures: { ...figures!, accuracyDropUpper } };
    };
    const recipes: Record<string, Recipe> = {};
    const estimateTraining = async ({ recipe }: { recipe: Recipe }) => {
      recipes.timed = recipe;
      return fakeActivities().estimateTraining();
    };
    const trainCandidate = async ({ recipe }: { recipe: Recipe }) => {
      recipes.trained = recipe;
      return fakeActivities().trainCandidate({ recipe });
    };
    const quantizeCandidate = async ({ id, recipe }: { id?: string; recipe: Recipe }) => {
      if (id) recipes[id] = recipe;
      return { key: `key-${id}`, quantized: { model: ref('int8') } };
    };
    const made = {
      trainCandidate,
      estimateTraining: estimateTraining as never,
      quantizeCandidate: quantizeCandidate as never,
    };
    const changed = { ...onlyTrainingHelps, ...made, judgeCandidate };
    await withWorker(changed, async (client) => {
      const name = uniqueName();
      await kickOff(client, spec(name), sources, 'tester');
      for (const gate of ['baseline', 'qat', 'optimization', 'rollout-100']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.training).toMatchObject({ from: 'int8-static-entropy' });
      expect(recipes.trained).toMatchObject({ scheme: 'int8-qat', calibration: { method: 'entropy' } });
      expect(recipes.timed).toEqual(recipes.trained);
      expect(recipes['int8-qat']).toEqual(recipes.trained);
    });
  });

  it('goes down to 2-bit weights after INT4 where a size is asked, and trains what fits', async () => {
    const judgeCandidate = async (input: CandidateResult & { trial: Trial }) => {
      const { scheme } = input.recipe;
      const verdict: Verdict = scheme === 'int2-qat' ? 'successful' : 'failed';
      const checks = [{ name: scheme.startsWith('int2') ? 'accuracy' : 'size', verdict, reason: 'r' }];
      const figures = { ...figuresOf({ speedup: 0.6 }), accuracyDropUpper: scheme === 'int2-weight' ? 0.05 : 0 };
      return judgedAs(input, { figures, verdict, reason: 'r', checks });
    };
    await withWorker({ ...onlyTrainingHelps, judgeCandidate }, async (client, { asked }) => {
      const name = uniqueName();
      const quality = { metric: 'accuracy', marginPoints: 1.5, sliceMarginPoints: 5, maximumSizeMb: 10 };
      await kickOff(client, spec(name, { quality }), sources, 'tester');
      for (const gate of ['baseline', 'qat', 'optimization', 'rollout-100']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      const order = state.candidates.map(({ scheme }) => scheme).filter((scheme) => scheme !== 'fp16');
      expect([...new Set(order)]).toEqual(['int8-dynamic', 'int8-static', 'int4-weight', 'int2-weight', 'int2-qat']);
      expect(state.training).toMatchObject({ from: 'int2-weight-32' });
      expect(asked).toContain('training int2-qat');
      expect(state.chosen).toBe('int2-qat');
    });
  });

  it('is not begun when it is rejected, and the phase ends as it would have', async () => {
    const judgeOptimization: ReturnType<typeof fakeActivities>['judgeOptimization'] =
      onlyTrainingHelps.judgePtq as never;
    await withWorker({ ...onlyTrainingHelps, judgeOptimization }, async (client, { asked }) => {
      const name = uniqueName();
      await kickOff(client, spec(name), sources, 'tester');
      await answer(client, name, 'baseline');
      await answer(client, name, 'qat', 'rejected');
      await answer(client, name, 'optimization', 'rejected');
      expect(await closing(client, name)).toMatchObject({ verdict: 'failed' });
      expect(asked).not.toContain('training int8-qat');
    });
  });

  it('asks a person at the PTQ gate as before where the package has no training or there are no train rows', async () => {
    for (const changes of [{ package: 'express' }, {}])
      await withWorker(
        {
          ...onlyTrainingHelps,
          ...(!('package' in changes) && { prepareData: fakeActivities().prepareData as never }),
        },
        async (client) => {
          const name = uniqueName();
          await kickOff(client, spec(name, changes), sources, 'tester');
          await answer(client, name, 'baseline');
          await answer(client, name, 'ptq', 'rejected');
          expect(await closing(client, name)).toMatchObject({ reason: expect.stringContaining('rejected at ptq') });
        }
      );
  });

  it('does not stop the phase when its steps cannot be timed', async () => {
    const estimateTraining = async () => {
      throw ApplicationFailure.nonRetryable('has operators that cannot be trained here (Loop)', FailureType.BadRequest);
    };
    const retried = { ...onlyTrainingHelps, estimateTraining: estimateTraining as never };
    await withWorker(retried, async (client) => {
      const name = uniqueName();
      await kickOff(client, spec(name), sources, 'tester');
      await answer(client, name, 'baseline');
      const state = await eventually(async () => {
        const found = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
        return found.training?.problem ? found : undefined;
      }, 'the problem').catch(lastWords);
      expect(state).toMatchObject({ training: { problem: expect.stringContaining('Loop') } });
      await client.workflow.getHandle(engagementId(name)).cancel();
      await closing(client, name).catch(() => {});
    });
  });
});
