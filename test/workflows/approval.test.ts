import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { DecisionInput, GateRequest } from '../../src/domain/decision.ts';
import { lastWords } from '../../src/domain/errors.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { approval } from '../../src/workflows/approval.ts';
import { decideUpdate, gateQuery } from '../../src/workflows/messages.ts';
import { APPROVER, gateRequest, SECOND } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';

const request = (changes: Partial<GateRequest> = {}) =>
  gateRequest({ summary: 'figures', evidenceSha256: 'abc', remindAfterMs: 60_000, expireAfterMs: 600_000, ...changes });

const decision = (changes: Partial<DecisionInput> = {}): DecisionInput => ({
  gate: 'ptq',
  outcome: 'approved',
  by: APPROVER,
  ...changes,
});

const open = (client: Client, changes: Partial<GateRequest> = {}) =>
  client.workflow.start(approval, { workflowId: uniqueName(), taskQueue: QUEUES.engagement, args: [request(changes)] });

describe('a gate', () => {
  it('takes the decision of an approver and ends with it', async () => {
    await withWorker({}, async (client, { asked }) => {
      const gate = await open(client);
      await gate.executeUpdate(decideUpdate, { args: [decision({ comment: 'agreed' })] });
      expect(await gate.result()).toMatchObject({
        outcome: 'approved',
        by: APPROVER,
        comment: 'agreed',
        evidenceSha256: 'abc',
      });
      expect(asked).toContain('mail gate-opened');
    });
  });

  it.each([
    ['a person who is no approver', decision({ by: 'eve@example.org' }), "'eve@example.org' is not an approver"],
    ['another gate', decision({ gate: 'rollout' }), "gate 'ptq' is open, not 'rollout'"],
    ['a rejection without a comment', decision({ outcome: 'rejected' }), "'rejected' needs a comment"],
    ['evidence that has changed', decision({ evidenceSha256: 'old' }), 'the evidence has changed'],
    ['an unknown outcome', decision({ outcome: 'maybe' as never }), "outcome 'maybe' is not one of"],
  ])('refuses %s with its reason and stays open', async (_what, input, reason) => {
    await withWorker({}, async (client) => {
      const gate = await open(client);
      const refusal = await gate.executeUpdate(decideUpdate, { args: [input] }).catch(lastWords);
      expect(refusal).toContain(reason);
      expect((await gate.query(gateQuery)).decision).toBeUndefined();
      await gate.cancel();
    });
  });

  it('does not let a failed quality gate be approved, but lets it be waived with a reason', async () => {
    await withWorker({}, async (client) => {
      const gate = await open(client, { verdict: 'failed' });
      const refusal = await gate.executeUpdate(decideUpdate, { args: [decision()] }).catch(lastWords);
      expect(refusal).toContain("the quality gate is 'failed'");
      await gate.executeUpdate(decideUpdate, { args: [decision({ outcome: 'waived', comment: 'pilot only' })] });
      expect((await gate.result()).outcome).toBe('waived');
    });
  });

  it('needs two different people where the specification asks for four eyes', async () => {
    await withWorker({}, async (client) => {
      const gate = await open(client, { needsTwo: true });
      await gate.executeUpdate(decideUpdate, { args: [decision()] });
      const again = await gate.executeUpdate(decideUpdate, { args: [decision()] }).catch(lastWords);
      expect(again).toContain('a second person is needed');
      const other = decision({ by: SECOND, changes: { candidates: ['fp16'] } });
      const refusal = await gate.executeUpdate(decideUpdate, { args: [other] }).catch(lastWords);
      expect(refusal).toContain(`${APPROVER} has decided without changes`);
      await gate.executeUpdate(decideUpdate, {
        args: [decision({ by: SECOND, comment: 'the pilot only', via: 'cli' })],
      });
      const second = { by: SECOND, comment: 'the pilot only', via: 'cli', at: expect.any(String) };
      expect(await gate.result()).toMatchObject({ by: APPROVER, comment: '', second });
    });
  });

  it('reminds, and expires when nobody decides', async () => {
    await withWorker({}, async (client, { asked }) => {
      const gate = await open(client, { remindAfterMs: 1_200, expireAfterMs: 4_000 });
      expect(await gate.result()).toMatchObject({ outcome: 'expired', by: 'nobody' });
      expect(asked.filter((line) => line === 'mail gate-reminder').length).toBeGreaterThanOrEqual(2);
      expect(asked).toContain('mail gate-expired');
    });
  });

  it('stays decidable while the mail server is away', async () => {
    const notify = async () => {
      throw new Error('connection refused');
    };
    await withWorker({ notify }, async (client) => {
      const gate = await open(client);
      await eventually(() => gate.query(gateQuery));
      await gate.executeUpdate(decideUpdate, { args: [decision()] });
      expect((await gate.query(gateQuery)).decision?.outcome).toBe('approved');
      await gate.terminate('the mail would be retried for an hour');
    });
  });
});
