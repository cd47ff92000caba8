import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { lastWords } from '../../src/domain/errors.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import type { RouteStatus, StageResult } from '../../src/domain/traffic.ts';
import { commandUpdate, decideUpdate, progressQuery, type RolloutCommand } from '../../src/workflows/messages.ts';
import { rollout } from '../../src/workflows/rollout.ts';
import { APPROVER, type FakeActivities, look, spec, stage } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const start = (client: Client, historyLimit?: number) => {
  const name = uniqueName();
  const input = { spec: spec(name), attempt: 1, twin: ref('fp32'), candidate: ref('int8'), historyLimit };
  return client.workflow.start(rollout, { workflowId: name, taskQueue: QUEUES.engagement, args: [input] });
};

const say = (command: RolloutCommand) => ({ args: [{ command, by: 'olga', comment: 'night shift' }] as [never] });

describe('a rollout', () => {
  it('stays at its weight while it is paused, and refuses to be paused twice', async () => {
    let isProven = false;
    let looks = 0;
    const lookAtStage = async ({ weight }: { weight: number }) => {
      looks += 1;
      return look(weight, isProven ? 'successful' : undefined);
    };
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const handle = await start(client);
      await eventually(async () => (asked.includes('weight 0') ? true : undefined), 'the shadow stage');
      await handle.executeUpdate(commandUpdate, say('pause'));
      expect(await handle.executeUpdate(commandUpdate, say('pause')).catch(lastWords)).toContain('paused already');
      isProven = true;
      const before = looks;
      await eventually(async () => (looks > before + 1 ? true : undefined), 'two looks at what is proven');
      expect((await handle.query(progressQuery)).stages).toEqual([]);
      expect(asked).not.toContain('weight 50');
      await handle.executeUpdate(commandUpdate, say('resume'));
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      await handle.executeUpdate(commandUpdate, say('rollback'));
      expect((await handle.result()).finalWeight).toBe(0);
    });
  });

  it('comes down at once when an operator rolls back in the middle of a stage', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) =>
      look(weight, weight === 50 ? undefined : 'successful');
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const handle = await start(client);
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      await handle.executeUpdate(commandUpdate, say('rollback'));
      const result = await handle.result();
      expect(result).toMatchObject({ verdict: 'failed', reason: 'rolled back by olga: night shift', finalWeight: 0 });
      expect(result.toZero).toMatchObject({ stage: 50, zeroAt: expect.any(String), readAt: expect.any(String) });
      expect(asked).toContain('return to twin: rolled back by olga: night shift');
    });
  });

  it('ends a hold early on the evidence, or on an approver’s word, which is recorded as a waiver', async () => {
    let proven = false;
    const lookAtStage = async ({ weight, maximumHoldMs }: { weight: number; maximumHoldMs: number }) => {
      const verdict = proven ? 'successful' : 'inconclusive';
      return { ...look(weight, maximumHoldMs === 0 ? verdict : undefined), proven };
    };
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const handle = await start(client);
      const stages = async () => (await handle.query(progressQuery)).stages;
      await eventually(async () => ((await handle.query(progressQuery)).look ? true : undefined), 'a look');
      const promote = (by: string, comment: string) =>
        handle.executeUpdate(commandUpdate, { args: [{ command: 'promote', by, comment }] }).catch(lastWords);
      expect(await promote('olga', '')).toContain('the evidence does not allow it (neither is proven)');
      expect(await promote('olga', 'in a hurry')).toContain("'olga' is no approver");
      await promote(APPROVER, 'traffic is low in summer');
      await eventually(async () => ((await stages()).length === 1 ? true : undefined), 'the stage');
      const by = { by: APPROVER, comment: 'traffic is low in summer' };
      expect((await stages())[0]).toMatchObject({ verdict: 'inconclusive', promoted: { ...by, proven: false } });
      expect((await handle.query(progressQuery)).decisions).toMatchObject([
        { gate: 'shadow-hold', outcome: 'waived', ...by },
      ]);
      expect(asked).toContain('journal promotion/1/0/0');
      proven = true;
      await eventually(async () => ((await handle.query(progressQuery)).look?.proven ? true : undefined), 'proof');
      await promote('olga', '');
      await eventually(async () => ((await stages()).length === 2 ? true : undefined), 'the next stage');
      expect((await stages())[1]).toMatchObject({ verdict: 'successful', promoted: { by: 'olga', proven: true } });
      await handle.executeUpdate(commandUpdate, say('rollback'));
      expect((await handle.result()).stages).toHaveLength(2);
    });
  });

  it('continues as new in the middle of a stage with all that was done and said', async () => {
    let looks = 0;
    const lookAtStage = async ({ weight }: { weight: number }) =>
      look(weight, weight === 50 && looks++ < 3 ? undefined : 'successful');
    await withWorker({ lookAtStage }, async (client, { asked }) => {
      const handle = await start(client, 1);
      await eventually(async () => (looks > 3 ? true : undefined), 'four looks');
      const { stages } = await eventually(async () => {
        const progress = await handle.query(progressQuery);
        return progress.awaiting ? progress : undefined;
      }, 'the gate');
      expect(stages.map(({ weight }) => weight)).toEqual([0, 50]);
      expect(asked.filter((line) => line.startsWith('weight'))).toEqual(['weight 0', 'weight 50']);
      await handle.executeUpdate(commandUpdate, say('rollback'));
      expect(await handle.result()).toMatchObject({ verdict: 'failed', finalWeight: 0 });
      const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
      expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
    });
  });

  it.each([0, 20, 40, 60, 80, 90, 100, 110, 120, 130, 140, 160, 180, 200, 250])(
    'comes down when an operator rolls back %i ms after a stage, whatever the gate behind it is doing',
    async (delayMs) => {
      const notify = async () => {
        await sleep(200);
        return { messageId: 'm', delivered: 'outbox' as const };
      };
      await withWorker({ notify: notify as FakeActivities['notify'] }, async (client, { asked }) => {
        const handle = await start(client);
        await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
        await sleep(delayMs);
        await handle.executeUpdate(commandUpdate, say('rollback'));
        expect(await handle.result()).toMatchObject({ verdict: 'failed', finalWeight: 0 });
      });
    }
  );

  it('closes a gate and tells people when the gateway trips while it is open', async () => {
    const lookAtStage = async ({ weight }: { weight: number }) => look(weight, 'successful');
    let trip = () => {};
    const watchStage = ({ weight }: { weight: number }) =>
      new Promise<StageResult>((resolve) => {
        trip = () => resolve({ ...stage(weight, 'failed'), reason: 'too many errors' });
      });
    await withWorker({ lookAtStage, watchStage }, async (client, { asked }) => {
      const handle = await start(client);
      const { awaiting } = await eventually(async () => {
        const progress = await handle.query(progressQuery);
        return progress.awaiting ? progress : undefined;
      }, 'the gate before 100 %');
      expect(awaiting!.gate).toBe('rollout-100');
      trip();
      const result = await handle.result();
      expect(result).toMatchObject({ verdict: 'failed', reason: 'too many errors', toZero: { stage: 50 } });
      expect(result.stages.map(({ weight, verdict }) => [weight, verdict])).toEqual([
        [0, 'successful'],
        [50, 'successful'],
        [50, 'failed'],
      ]);
      expect(asked).toContain('mail rollout-tripped');
      expect((await client.workflow.getHandle(awaiting!.workflowId).describe()).status.name).toBe('CANCELLED');
    });
  });

  it('comes down for a rollback that was asked for while it ended', async () => {
    const [reading, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isFull = false;
    const setTrafficWeight = async ({ weight }: { weight: number }) => {
      isFull = weight === 100;
      return { startedAt: '2026-01-01T00:00:00.000Z' };
    };
    const readRoute = async () => {
      if (isFull) {
        reading.resolve();
        await read.promise;
      }
      return { weight: 10_000, trip: null } as RouteStatus;
    };
    await withWorker({ setTrafficWeight, readRoute }, async (client) => {
      const handle = await start(client);
      const gate = await eventually(async () => (await handle.query(progressQuery)).awaiting, 'the gate before 100 %');
      const approved = { gate: gate!.gate, outcome: 'approved', by: APPROVER } as const;
      const approval = client.workflow.getHandle(gate!.workflowId);
      await eventually(() => approval.describe(), 'the approval'); // its rollout tells of it while it is being started
      await approval.executeUpdate(decideUpdate, { args: [approved as never] });
      await reading.promise;
      await handle.executeUpdate(commandUpdate, say('rollback'));
      read.resolve();
      expect(await handle.result()).toMatchObject({ verdict: 'failed', reason: 'rolled back by olga: night shift' });
    });
  });

  it('comes down when the router cannot be commanded any more', async () => {
    const setTrafficWeight = async ({ weight }: { weight: number }) => {
      const { ApplicationFailure } = await import('@temporalio/common');
      if (weight === 50) throw ApplicationFailure.nonRetryable('the gateway refused', 'RouteRefused');
      return { startedAt: '2026-01-01T00:00:00.000Z' };
    };
    await withWorker({ setTrafficWeight }, async (client, { asked }) => {
      const handle = await start(client);
      await handle.result().catch(() => {});
      expect(asked).toContain('return to twin: the rollout could not go on: the gateway refused');
    });
  });
});
