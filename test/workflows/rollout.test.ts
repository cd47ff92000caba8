import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { lastWords } from '../../src/domain/errors.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { commandUpdate, progressQuery, type RolloutCommand } from '../../src/workflows/messages.ts';
import { rollout } from '../../src/workflows/rollout.ts';
import { type FakeActivities, ref, spec, stage } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';

const start = (client: Client) => {
  const name = uniqueName();
  const input = { spec: spec(name), attempt: 1, twin: ref('fp32'), candidate: ref('int8') };
  return client.workflow.start(rollout, { workflowId: name, taskQueue: QUEUES.engagement, args: [input] });
};

const say = (command: RolloutCommand) => ({ args: [{ command, by: 'olga', comment: 'night shift' }] as [never] });

/** Holds a stage until it is cancelled, as a stage without a verdict does. */
async function holdForEver(): Promise<never> {
  const beat = setInterval(() => Context.current().heartbeat(), 100);
  return Context.current().cancelled.finally(() => clearInterval(beat));
}

describe('a rollout', () => {
  it('stays at its weight while it is paused, and refuses to be paused twice', async () => {
    let release: (() => void) | undefined;
    const shadowEnds = new Promise<void>((resolve) => {
      release = resolve;
    });
    const watchStage = async ({ weight }: { weight: number }) => {
      if (weight === 0) await shadowEnds;
      return stage(weight, 'successful');
    };
    await withWorker({ watchStage }, async (client, { asked }) => {
      const handle = await start(client);
      await eventually(async () => (asked.includes('weight 0') ? true : undefined), 'the shadow stage');
      await handle.executeUpdate(commandUpdate, say('pause'));
      expect(await handle.executeUpdate(commandUpdate, say('pause')).catch(lastWords)).toContain('paused already');
      release!();
      await eventually(
        async () => ((await handle.query(progressQuery)).stages.length === 1 ? true : undefined),
        'a stage'
      );
      expect(asked).not.toContain('weight 50');
      await handle.executeUpdate(commandUpdate, say('resume'));
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      await handle.executeUpdate(commandUpdate, say('rollback'));
      expect((await handle.result()).finalWeight).toBe(0);
    });
  });

  it('comes down at once when an operator rolls back in the middle of a stage', async () => {
    const watchStage = ({ weight }: { weight: number }) =>
      weight === 50 ? holdForEver() : Promise.resolve(stage(weight, 'successful'));
    await withWorker({ watchStage }, async (client, { asked }) => {
      const handle = await start(client);
      await eventually(async () => (asked.includes('weight 50') ? true : undefined), 'weight 50');
      await handle.executeUpdate(commandUpdate, say('rollback'));
      const result = await handle.result();
      expect(result).toMatchObject({ verdict: 'failed', reason: 'rolled back by olga: night shift', finalWeight: 0 });
      expect(asked).toContain('return to twin: rolled back by olga: night shift');
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

  it('comes down when the router cannot be commanded any more', async () => {
    const setTrafficWeight = async ({ weight }: { weight: number }) => {
      const { ApplicationFailure } = await import('@temporalio/common');
      if (weight === 50) throw ApplicationFailure.nonRetryable('the gateway refused', 'RouteRefused');
      return { startedAt: '2026-01-01T00:00:00.000Z' };
    };
    await withWorker({ setTrafficWeight }, async (client, { asked }) => {
      const handle = await start(client);
      await handle.result().catch(() => {});
      expect(asked).toContain('return to twin: the rollout could not go on');
    });
  });
});
