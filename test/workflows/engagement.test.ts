import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/cli/decide.ts';
import { cancel, closingOf, kickOff, statusOf, steer } from '../../src/cli/engagements.ts';
import { statusText } from '../../src/cli/output.ts';
import type { Outcome } from '../../src/domain/decision.ts';
import type { CandidateResult, SourceFiles } from '../../src/domain/engagement.ts';
import { FailureType, lastWords } from '../../src/domain/errors.ts';
import { engagementId, QUEUES } from '../../src/domain/ids.ts';
import type { Trial } from '../../src/domain/measurement.ts';
import { engagement } from '../../src/workflows/engagement.ts';
import { engagementQuery } from '../../src/workflows/messages.ts';
import { APPROVER, look, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { figuresOf, judgedAs, ref, trialOf } from './measured.ts';

const sources: SourceFiles = { model: ref('fp32'), tokenizer: ref('tokenizer'), data: {} };

const start = (client: Client, name: string, changes: object = {}) =>
  kickOff(client, spec(name, changes as Record<string, unknown>), sources, 'tester');

const answer = async (client: Client, name: string, gate: string, outcome: Outcome = 'approved', more: object = {}) =>
  eventually(async () => {
    const { gate: open } = await statusOf(client, name);
    if (open?.gate !== gate) return undefined;
    return decide(client, name, { gate, outcome, by: APPROVER, comment: 'because', ...more });
  }, `gate ${gate}`);

const closing = (client: Client, name: string) =>
  client.workflow.getHandle<typeof engagement>(engagementId(name)).result();

/** Static INT8 is the fastest, and loses too much unless something of it stays in FP32. */
const staticFails = async (input: CandidateResult & { trial: Trial }): Promise<CandidateResult> => {
  const { scheme, exclude } = input.recipe;
  const verdict = scheme === 'int8-static' && !exclude ? 'failed' : 'successful';
  const figures = figuresOf({ speedup: scheme === 'int8-static' ? 3 : 2 });
  const checks = [{ name: 'accuracy', verdict, reason: 'r' } as const];
  return judgedAs(input, { figures, verdict, reason: 'r', checks });
};

describe('an engagement', () => {
  it('goes through its phases and gates to the closing report', async () => {
    await withWorker({}, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq', 'optimization', 'rollout-100']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
      const ids = asked.filter((line) => line.startsWith('candidate ')).slice(0, 4);
      expect(ids).toEqual(['fp16', 'int8-dynamic', 'int8-static', 'int4-weight'].map((id) => `candidate ${id}`));
      expect(asked.filter((line) => line.startsWith('weight '))).toEqual(['weight 0', 'weight 50', 'weight 100']);
      expect(asked.indexOf('guide')).toBeGreaterThan(asked.indexOf('journal decision/optimization/1'));
      expect(asked.indexOf('guide')).toBeLessThan(asked.indexOf('weight 0'));
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.phases.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
        'baseline successful',
        'ptq successful',
        'optimization successful',
        'rollout successful',
      ]);
      expect(asked.at(-1)).toBe('mail engagement-closed');
    });
  });

  it('refuses a second start and a second decision, each with its reason', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await start(client, name);
      expect(await start(client, name).catch(lastWords)).toContain('exists already');
      await answer(client, name, 'baseline');
      const second = await decide(client, name, { gate: 'baseline', outcome: 'approved', by: APPROVER }).catch(
        lastWords
      );
      expect(second).toContain(`gate 'baseline' was decided: approved by ${APPROVER}`);
      await client.workflow.getHandle(engagementId(name)).cancel();
      await closing(client, name).catch(() => {});
    });
  });

  it('runs a phase again with the changed thresholds after revise', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await start(client, name);
      await answer(client, name, 'baseline', 'revise', { changes: { quality: { marginPoints: 0.5 } } });
      await answer(client, name, 'baseline');
      await answer(client, name, 'ptq', 'rejected');
      expect(await closing(client, name)).toMatchObject({
        verdict: 'failed',
        reason: expect.stringContaining('rejected at ptq'),
      });
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.spec.quality.marginPoints).toBe(0.5);
      expect(state.phases.map(({ name, attempt }) => `${name} ${attempt}`)).toEqual([
        'baseline 1',
        'baseline 2',
        'ptq 1',
      ]);
    });
  });

  it('takes no changes that it could not work with', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await start(client, name);
      const answered = (outcome: Outcome, changes: object) =>
        eventually(async () => {
          const { gate } = await statusOf(client, name);
          if (!gate) return undefined;
          return decide(client, name, { outcome, by: APPROVER, comment: 'why', changes }).then(String, lastWords);
        });
      const refusal = await answered('revise', { quality: { confidence: 95, marginPoint: 1 } });
      expect(refusal).toContain(
        'the changes have 2 mistakes; nothing was decided\n  quality.confidence: 95: write a share'
      );
      await answer(client, name, 'baseline', 'revise', { changes: { quality: { confidence: 0.9 } } });
      await answer(client, name, 'baseline');
      await eventually(async () => ((await statusOf(client, name)).gate?.gate === 'ptq' ? true : undefined));
      expect(await answered('approved', { candidates: ['int8'] })).toContain(
        'cannot go on; those that passed are fp16'
      );
      await answer(client, name, 'ptq', 'approved', { changes: { candidates: ['int8-static'] } });
      const state = await eventually(async () => {
        const { state } = await statusOf(client, name);
        return state.phases.at(-1)!.name === 'optimization' ? state : undefined;
      });
      expect(state.released).toEqual(['int8-static']);
      expect(state.spec.quality).toEqual({ ...spec(name).quality, confidence: 0.9 });
      await client.workflow.getHandle(engagementId(name)).terminate();
    });
  });

  it('loses nothing when it continues as new after every phase', async () => {
    await withWorker({}, async (client, { asked }) => {
      const name = uniqueName();
      await client.workflow.start(engagement, {
        workflowId: engagementId(name),
        taskQueue: QUEUES.engagement,
        args: [{ spec: spec(name), sources, startedBy: 't', startedAt: '2026-01-01T00:00:00.000Z', historyLimit: 1 }],
      });
      for (const gate of ['baseline', 'ptq', 'optimization', 'rollout-100']) await answer(client, name, gate);
      await closing(client, name);
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.phases.map(({ decision }) => decision?.by)).toEqual([APPROVER, APPROVER, APPROVER, APPROVER]);
      expect(asked.filter((line) => line === 'journal kick-off')).toHaveLength(1);
      expect(asked.filter((line) => line.startsWith('candidate '))).toHaveLength(6);
    });
  });

  it('exports a model of another kind once, and works with what came of it', async () => {
    const onnx = spec('any');
    const pytorch = { ...onnx, model: { ...onnx.model, kind: 'pytorch' as const, entryPoint: 'model:build' } };
    const [given, used]: [string[], Set<string>] = [[], new Set()];
    const exportModel = async (input: { sources: typeof sources }) => {
      given.push(input.sources.model.uri);
      return ref('exported');
    };
    const quantizeCandidate = async (input: { id?: string; sources: typeof sources }) => {
      used.add(input.sources.model.uri);
      return { key: `key-${input.id}`, quantized: { model: ref('int8') } };
    };
    await withWorker({ exportModel, quantizeCandidate }, async (client) => {
      const name = uniqueName();
      await client.workflow.start(engagement, {
        workflowId: engagementId(name),
        taskQueue: QUEUES.engagement,
        args: [
          {
            ...{ spec: { ...pytorch, engagement: name }, sources },
            ...{ startedBy: 't', startedAt: '2026-01-01T00:00:00.000Z', historyLimit: 1 },
          },
        ],
      });
      for (const gate of ['baseline', 'ptq', 'optimization', 'rollout-100']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'successful' });
      expect(given).toEqual([ref('fp32').uri]);
      expect([...used]).toEqual([ref('exported').uri]);
    });
  });

  it('ends a candidate whose toolkit crashes with verdict error and goes on with the others', async () => {
    const quantizeCandidate = async ({ id }: { id?: string }) => {
      if (id === 'int8-static')
        throw ApplicationFailure.nonRetryable('Segmentation fault in the calibrator', FailureType.RepeatedFault);
      return { key: `key-${id}`, quantized: { model: ref('int8') } };
    };
    await withWorker({ quantizeCandidate }, async (client) => {
      const name = uniqueName();
      await start(client, name);
      await answer(client, name, 'baseline');
      await answer(client, name, 'ptq', 'rejected');
      await closing(client, name);
      const { candidates } = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      const crashed = candidates.find(({ id }) => id === 'int8-static');
      expect(crashed).toMatchObject({ verdict: 'error', reason: 'Segmentation fault in the calibrator' });
      expect(candidates.filter(({ verdict }) => verdict === 'successful')).toHaveLength(3);
    });
  });

  it('finds what the fastest failed candidate must keep in FP32, and tries it so', async () => {
    await withWorker({ judgeCandidate: staticFails }, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq']) await answer(client, name, gate);
      await answer(client, name, 'optimization', 'rejected');
      await closing(client, name);
      expect(asked.filter((line) => line.startsWith('evaluation'))).toEqual([
        'evaluation with nothing in FP32',
        'evaluation with Softmax in FP32',
        'evaluation with Softmax+head in FP32',
        'evaluation with Softmax+head+middle in FP32',
        'evaluation with Softmax+middle in FP32',
        'evaluation with middle in FP32',
      ]);
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.sensitivity).toMatchObject({ candidate: 'int8-static', isExact: true });
      const mixed = state.candidates.find(({ id }) => id === 'int8-static-mixed')!;
      expect(mixed.recipe.exclude).toEqual(['/Softmax', '/middle']);
      expect(state.chosen).toBe('int8-static-mixed');
    });
  });

  it('ends the search with its budget, in the middle of a trial, and goes on with the best so far', async () => {
    const measureCandidate = async () => {
      const { Context } = await import('@temporalio/activity');
      if (!Context.current().info.workflowExecution!.workflowId.includes('int8-static')) return trialOf();
      const beat = setInterval(() => Context.current().heartbeat(), 100);
      return Context.current().cancelled.finally(() => clearInterval(beat));
    };
    await withWorker({ measureCandidate } as never, async (client) => {
      const name = uniqueName();
      await start(client, name, { search: { budget: '3 seconds' } });
      for (const gate of ['baseline', 'ptq']) await answer(client, name, gate);
      await answer(client, name, 'optimization', 'rejected');
      await closing(client, name);
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.candidates.map(({ id }) => id)).toEqual(['fp16', 'int8-dynamic']);
      expect(state.search).toMatchObject({ trials: 2, ended: 'its budget of 0.1 minutes was spent' });
      expect(state.chosen).toBe('fp16');
    });
  });

  it('makes no more trials than it may', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await start(client, name, { search: { maximumTrials: 2 } });
      for (const gate of ['baseline', 'ptq']) await answer(client, name, gate);
      await answer(client, name, 'optimization', 'rejected');
      await closing(client, name);
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.candidates).toHaveLength(2);
      expect(state.search).toMatchObject({ trials: 2, ended: '2 trials were made' });
    });
  });

  it('goes on without a search that fails', async () => {
    const rankSensitivity = async () => {
      throw ApplicationFailure.nonRetryable('the calibrator ran out of memory', 'Fault');
    };
    await withWorker({ rankSensitivity, judgeCandidate: staticFails } as never, async (client) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq']) await answer(client, name, gate);
      await answer(client, name, 'optimization', 'rejected');
      await closing(client, name);
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.sensitivity).toBeUndefined();
      const problem = { candidate: 'int8-static', reason: 'the calibrator ran out of memory' };
      expect(state.sensitivityProblem).toEqual(problem);
      expect(state.chosen).toBeDefined();
    });
  });

  it('ends with what a verdict stumbled over, where no repetition mends it', async () => {
    const judgeBaseline = async () => {
      throw new RangeError('alpha must be between 0 and 1, not -94');
    };
    await withWorker({ judgeBaseline } as never, async (client) => {
      const name = uniqueName();
      await start(client, name);
      expect(await closing(client, name)).toMatchObject({
        verdict: 'error',
        reason: 'baseline: alpha must be between 0 and 1, not -94',
      });
    });
  });

  it('rolls back when the gateway trips, confirms 0 % and tells people', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 50 ? 'failed' : 'successful');
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq', 'optimization']) await answer(client, name, gate);
      expect(await closing(client, name)).toMatchObject({ verdict: 'failed', reason: 'it is failed' });
      const state = await client.workflow.getHandle(engagementId(name)).query(engagementQuery);
      expect(state.rollout).toMatchObject({ verdict: 'failed', finalWeight: 0 });
      expect(state.trips).toEqual([state.rollout!.toZero]);
      expect(state.trips).toMatchObject([{ stage: 50 }]);
      expect(asked).toContain('return to twin: stage is failed');
      expect(asked).toContain('mail rollout-tripped');
    });
  });

  it('asks a person about an inconclusive stage and goes on only when it is waived', async () => {
    let looks = 0;
    const lookAtStage = async ({ weight }: { weight: number }) => {
      if (weight === 50) looks += 1;
      return look(weight, weight === 50 && looks === 1 ? 'inconclusive' : 'successful');
    };
    await withWorker({ lookAtStage }, async (client) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq', 'optimization']) await answer(client, name, gate);
      await answer(client, name, 'rollout-50', 'revise');
      await answer(client, name, 'rollout-100');
      expect((await closing(client, name)).verdict).toBe('successful');
      expect(looks).toBe(2);
    });
  });

  it('closes with an error that says what is wrong with the data', async () => {
    const prepareData = async () => {
      throw ApplicationFailure.nonRetryable("data.selection: column 'label' is missing", 'BadRequest');
    };
    await withWorker({ prepareData }, async (client) => {
      const name = uniqueName();
      await start(client, name);
      const reason = expect.stringContaining("column 'label' is missing");
      expect(await closing(client, name)).toMatchObject({ verdict: 'error', reason });
    });
  });

  it('leaves the traffic on the twin when it is cancelled in the middle of a rollout', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 0 ? 'successful' : undefined);
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq', 'optimization']) await answer(client, name, gate);
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      await client.workflow.getHandle(engagementId(name)).cancel();
      await closing(client, name).catch(() => {});
      expect(asked).toContain('return to twin: cancelled');
      expect(asked).toContain('closing inconclusive');
    });
  });

  it('is cancelled by a person: traffic first, then who and why, then a closing document', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 0 ? 'successful' : undefined);
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      const early = await steer(client, name, { command: 'pause', by: APPROVER, comment: '' }).catch(lastWords);
      expect(early).toBe(`${name} has no rollout yet; it is in phase baseline`);
      const silent = await cancel(client, name, { by: APPROVER, comment: ' ' }).catch(lastWords);
      expect(silent).toContain('a reason is required');
      for (const gate of ['baseline', 'ptq', 'optimization']) await answer(client, name, gate);
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      expect(await cancel(client, name, { by: APPROVER, comment: 'too dear' })).toMatchObject({ comment: 'too dear' });
      const reason = `cancelled in phase rollout by ${APPROVER}: too dear`;
      expect(await closingOf(client, name)).toMatchObject({ verdict: 'inconclusive', reason });
      const order = ['return to twin: cancelled', 'journal cancellation', 'closing inconclusive'];
      expect(asked.filter((line) => order.includes(line))).toEqual(order);
      const status = await statusOf(client, name);
      expect(statusText(status)).toContain(`closed ${status.state.outcome!.endedAt.slice(0, 10)}`);
      expect(statusText(status)).toContain(`inconclusive. ${reason}`);
      const again = await cancel(client, name, { by: APPROVER, comment: 'again' }).catch(lastWords);
      expect(again).toContain('it is closed already: inconclusive');
    });
  });

  it('closes as cancelled by a person though what was running failed', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 0 ? 'successful' : undefined);
    let isCancelled = false;
    const writeJournal = async ({ event }: { event: string }) => {
      if (isCancelled && event !== 'cancellation') throw ApplicationFailure.nonRetryable('the disk is full');
      return undefined;
    };
    await withWorker({ lookAtStage, writeJournal }, async (client, { asked }) => {
      const name = uniqueName();
      await start(client, name);
      for (const gate of ['baseline', 'ptq', 'optimization']) await answer(client, name, gate);
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      isCancelled = true;
      await cancel(client, name, { by: APPROVER, comment: 'too dear' });
      const reason = `cancelled in phase rollout by ${APPROVER}: too dear`;
      expect(await closingOf(client, name)).toMatchObject({ verdict: 'inconclusive', reason });
    });
  });

  it('says when it was ended from outside', async () => {
    await withWorker({}, async (client) => {
      const name = uniqueName();
      await start(client, name);
      await eventually(async () => (await statusOf(client, name)).gate);
      await client.workflow.getHandle(engagementId(name)).terminate();
      expect(statusText(await statusOf(client, name))).toContain('ended from outside (terminated) in phase baseline');
      await expect(closingOf(client, name)).rejects.toMatchObject({ exitCode: 4 });
    });
  });
});
