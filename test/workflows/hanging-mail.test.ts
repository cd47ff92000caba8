import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNotificationActivities } from '../../src/activities/notification.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { noEvidence } from '../../src/domain/judge.ts';
import type { RouteStatus, StageLook } from '../../src/domain/traffic.ts';
import type { NotifyInput } from '../../src/report/message.ts';
import { approval } from '../../src/workflows/approval.ts';
import { commandUpdate, decideUpdate, progressQuery, supportUpdate } from '../../src/workflows/messages.ts';
import { rollout } from '../../src/workflows/rollout.ts';
import { support } from '../../src/workflows/support.ts';
import { APPROVER, type FakeActivities, look, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const taskQueue = QUEUES.engagement;

/** A mail server that takes connections and never says a word. */
let server: Server;
const sockets = new Set<Socket>();
let smtpUrl: string;

beforeAll(async () => {
  server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  smtpUrl = `smtp://127.0.0.1:${typeof address === 'object' && address!.port}`;
});
afterAll(() => server.close());

/** The real mails, to that server; the action ends before they do. */
async function whileMailHangs(
  overrides: Partial<FakeActivities>,
  action: (...given: Parameters<Parameters<typeof withWorker>[1]>) => Promise<void>
): Promise<void> {
  const { notify } = createNotificationActivities({ smtpUrl, mailFrom: 'a@example.org', outboxFolder: tmpdir() });
  await withWorker({ ...overrides, notify: notify as FakeActivities['notify'] }, async (...given) => {
    try {
      await action(...given);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
}

const isHanging = async () => (sockets.size > 0 ? true : undefined);
const route = (more: Partial<RouteStatus> = {}): RouteStatus =>
  ({ weight: 9_900, trip: null, counts: noEvidence(), ...more }) as RouteStatus;
const firstIndex = (asked: string[], beginning: string) => asked.findIndex((line) => line.startsWith(beginning));

describe('with a mail server that hangs', () => {
  it('a window takes the candidate out before its mails, and journals both', async () => {
    const trip = { at: '2026-01-01T00:00:00.000Z', reason: 'too many errors', counts: noEvidence() };
    let looks = 0;
    const readRoute = async () => route({ trip: looks++ > 1 ? trip : null });
    await whileMailHangs({ readRoute }, async (client, { asked }) => {
      const given = spec(uniqueName(), { support: { day: '0.1 seconds', looksPerDay: 2, days: 90 } });
      const args = [{ spec: given, attempt: 1, reference: {} }] as [never];
      const handle = await client.workflow.start(support, { workflowId: uniqueName(), taskQueue, args });
      await eventually(async () => (asked.includes('journal trip/support/1') ? true : undefined), 'the trip');
      const down = firstIndex(asked, 'return to twin: support, day');
      expect(down).toBeGreaterThan(-1);
      expect(down).toBeLessThan(asked.indexOf('journal incident/1/1'));
      await eventually(isHanging, 'a mail');
      await handle.terminate();
    });
  });

  it('a window obeys an operator while the mail of a week is under way', async () => {
    await whileMailHangs({ readRoute: async () => route() }, async (client, { asked }) => {
      const window = { day: '1 second', looksPerDay: 1, daysPerReport: 1, days: 90 };
      const args = [{ spec: spec(uniqueName(), { support: window }), attempt: 1, reference: {} }] as [never];
      const handle = await client.workflow.start(support, { workflowId: uniqueName(), taskQueue, args });
      await eventually(async () => (asked.includes('week 1') ? true : undefined), 'the first week');
      await eventually(isHanging, 'a mail');
      const order = { command: 'rollback', by: 'olga', comment: 'complaints' } as const;
      await handle.executeUpdate(supportUpdate, { args: [order] });
      await eventually(async () => (firstIndex(asked, 'return to twin') >= 0 ? true : undefined), 'the way down');
      await handle.terminate();
    });
  });

  it('a rollout comes down at once from a gate of which nobody could be told', async () => {
    const lookAtStage = async ({ weight }: { weight: number }): Promise<StageLook> =>
      look(weight, weight === 0 ? 'successful' : 'inconclusive');
    await whileMailHangs({ lookAtStage: lookAtStage as FakeActivities['lookAtStage'] }, async (client, { asked }) => {
      const args = [{ spec: spec(uniqueName()), attempt: 1, twin: ref('fp32'), candidate: ref('int8') }] as [never];
      const handle = await client.workflow.start(rollout, { workflowId: uniqueName(), taskQueue, args });
      const { awaiting } = await eventually(async () => {
        const progress = await handle.query(progressQuery);
        return progress.awaiting ? progress : undefined;
      }, 'a gate');
      await eventually(isHanging, 'a mail');
      const before = Date.now();
      const order = { command: 'rollback', by: 'olga', comment: 'night shift' } as const;
      await handle.executeUpdate(commandUpdate, { args: [order] });
      await eventually(
        async () => (asked.includes('journal trip/1') ? true : undefined),
        `down from ${awaiting!.gate}`
      );
      expect(Date.now() - before).toBeLessThan(5_000); // a mail hangs for ten
      await handle.terminate();
    });
  });

  it('a rejection is taken at once, though a reminder is under way', async () => {
    await whileMailHangs({}, async (client) => {
      const gate = { engagement: 'e', client: 'Acme', modelName: 'm', package: 'express', gate: 'rollout-50' } as const;
      const asked = { attempt: 1, verdict: 'inconclusive', summary: 'figures', evidenceSha256: 'abc' } as const;
      const people = { approvers: [{ name: 'Ana', email: APPROVER }], needsTwo: false };
      const request = { ...gate, ...asked, ...people, remindAfterMs: 200, expireAfterMs: 600_000 };
      const handle = await client.workflow.start(approval, { workflowId: uniqueName(), taskQueue, args: [request] });
      await eventually(async () => (sockets.size > 1 ? true : undefined), 'a reminder');
      const before = Date.now();
      const decision = { gate: 'rollout-50', outcome: 'rejected', by: APPROVER, comment: 'complaints' } as const;
      await handle.executeUpdate(decideUpdate, { args: [decision] });
      expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
      expect(Date.now() - before).toBeLessThan(5_000);
    });
  });
});

describe('people are told that the candidate is still in the traffic', () => {
  const started = (client: Parameters<Parameters<typeof withWorker>[1]>[0]) => {
    const args = [{ spec: spec(uniqueName()), attempt: 1, twin: ref('fp32'), candidate: ref('int8') }] as [never];
    return client.workflow.start(rollout, { workflowId: uniqueName(), taskQueue, args });
  };
  const lookAtStage = async ({ weight }: { weight: number }) => look(weight, weight === 0 ? 'successful' : 'failed');
  const confirmations = (told: NotifyInput[]) =>
    told.flatMap((input) => (input.kind === 'rollout-tripped' ? [input.confirmedWeight] : []));
  const listening = (told: NotifyInput[]) =>
    (async (input: NotifyInput) => {
      told.push(input);
      return { messageId: 'm', delivered: 'outbox' };
    }) as unknown as FakeActivities['notify'];

  it('while the router confirms nothing, and again once it does', async () => {
    const told: NotifyInput[] = [];
    let answer = () => {};
    const returnToTwin = () => new Promise<{ weight: number }>((resolve) => (answer = () => resolve({ weight: 0 })));
    await withWorker({ lookAtStage, returnToTwin, notify: listening(told) }, async (client) => {
      const handle = await started(client);
      await expect.poll(() => confirmations(told), { timeout: 40_000 }).toEqual([null]);
      answer();
      expect(await handle.result()).toMatchObject({ finalWeight: 0 });
      expect(confirmations(told)).toEqual([null, 0]);
    });
  }, 60_000);

  it('where the gateway refuses', async () => {
    const told: NotifyInput[] = [];
    const returnToTwin = async () => {
      throw ApplicationFailure.nonRetryable('the gateway refused: 401', 'RouteRefused');
    };
    await withWorker({ lookAtStage, returnToTwin, notify: listening(told) }, async (client) => {
      await expect((await started(client)).result()).rejects.toThrow();
      expect(confirmations(told)[0]).toBeNull();
    });
  });
});
