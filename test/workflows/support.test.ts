import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { lastWords } from '../../src/domain/errors.ts';
import { QUEUES } from '../../src/domain/ids.ts';
import { noEvidence } from '../../src/domain/judge.ts';
import { newSupport, type SupportState } from '../../src/domain/support.ts';
import type { EvidenceCounts, RouteStatus } from '../../src/domain/traffic.ts';
import { type SupportCommandInput, supportQuery, supportUpdate } from '../../src/workflows/messages.ts';
import { support } from '../../src/workflows/support.ts';
import { spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';

const start = (
  client: Client,
  window: Record<string, unknown>,
  historyLimit?: number,
  reference: Record<string, number> = { a: 5, b: 5 },
  more: { package?: string; measuredAt?: string; resume?: SupportState } = {}
) => {
  const name = uniqueName();
  const { package: bought = 'professional', measuredAt, resume } = more;
  const given = spec(name, { package: bought, support: { day: '0.1 seconds', looksPerDay: 2, ...window } });
  return client.workflow.start(support, {
    workflowId: name,
    taskQueue: QUEUES.engagement,
    args: [{ spec: given, attempt: 1, reference, historyLimit, measuredAt, resume }],
  });
};

const say = (input: SupportCommandInput) => ({ args: [input] as [never] });

/** A route that has counted so much more at every look. */
function routeThatCounts(more: (look: number) => Partial<EvidenceCounts>): () => Promise<RouteStatus> {
  let counts = noEvidence();
  let looks = 0;
  return async () => {
    for (const [name, by] of Object.entries(more(looks++)))
      counts = { ...counts, [name]: counts[name as 'pairs'] + (by as number) };
    return {
      weight: 9_900,
      trip: null,
      counts,
      classes: { twin: [6, 4], candidate: [5, 5] },
    } as unknown as RouteStatus;
  };
}

const calm = { pairs: 50, zero: 10, candidateRequests: 50 };

describe('a support window', () => {
  it('holds for its days through continue-as-new, with a report for every week and one for the rest', async () => {
    await withWorker({ readRoute: routeThatCounts(() => calm) }, async (client, { asked }) => {
      const handle = await start(client, { days: 5, daysPerReport: 2 }, 1);
      const result = await handle.result();
      expect(result).toMatchObject({
        verdict: 'successful',
        days: 5,
        looks: 10,
        incidents: [],
        service: { looks: 10 },
      });
      expect(result.weeks.map(({ days }) => days)).toEqual([
        [0, 2],
        [2, 4],
        [4, 5],
      ]);
      expect(result.weeks.reduce((sum, { counts }) => sum + counts.pairs, 0)).toBe(10 * calm.pairs);
      expect(result.weeks[0]!.drift.map(({ n }) => n)).toEqual([
        [10, 10],
        [10, 10],
      ]);
      expect(asked.filter((line) => line.startsWith('week'))).toEqual(['week 1', 'week 2', 'week 3']);
      const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
      expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
    });
  });

  it('takes the candidate out when it breaks late, and tells people', async () => {
    const readRoute = routeThatCounts((look) => (look < 6 ? calm : { ...calm, plus: 20 }));
    await withWorker({ readRoute }, async (client, { asked }) => {
      const result = await (await start(client, { days: 90 })).result();
      const toZero = { stage: 100, zeroAt: expect.any(String), readAt: expect.any(String) };
      expect(result).toMatchObject({
        verdict: 'failed',
        finalWeight: 0,
        incidents: [{ kind: 'labelled-worse', toZero }],
      });
      expect(result.reason).toMatch(/^rolled back on day [34]: accuracy fell/);
      expect(asked).toEqual(
        expect.arrayContaining(['mail support-incident', 'mail rollout-tripped', 'journal trip/support/1'])
      );
    });
  });

  it('goes on watching for everything else while an alarm waits for a person', async () => {
    const readRoute = routeThatCounts((look) => ({
      ...calm,
      ...(look < 8 && { disagreements: 25 }),
      ...(look >= 8 && { candidateErrors: 25 }),
    }));
    await withWorker({ readRoute }, async (client) => {
      const result = await (await start(client, { days: 8, onAlarm: 'incident' })).result();
      expect(result.incidents.map(({ kind }) => kind)).toEqual(['disagreement', 'error-rate']);
      expect(result.weeks.reduce((sum, { incidents }) => sum + incidents, 0)).toBe(2);
    });
  });

  it('does what is asked for during its last look', async () => {
    const [reading, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const counted = routeThatCounts(() => calm);
    let looks = 0;
    const readRoute = async () => {
      looks += 1;
      if (looks === 3) {
        reading.resolve(); // the first is made at the beginning, and two are planned
        await read.promise;
      }
      return counted();
    };
    await withWorker({ readRoute }, async (client) => {
      const handle = await start(client, { days: 1 });
      await reading.promise;
      await handle.executeUpdate(supportUpdate, say({ command: 'rollback', by: 'olga', comment: 'complaints' }));
      read.resolve();
      expect(await handle.result()).toMatchObject({ verdict: 'failed', finalWeight: 0, looks: 2 });
    });
  });

  it('takes out a candidate that nobody will watch any longer', async () => {
    await withWorker({ readRoute: routeThatCounts(() => calm) }, async (client, { asked }) => {
      const handle = await start(client, { days: 90, day: '1 hour' });
      await eventually(async () => (asked.includes('journal support/1/begun') ? true : undefined), 'the beginning');
      await handle.cancel();
      await handle.result().catch(() => {});
      expect(asked).toContain('return to twin: the support window was cancelled');
    });
  });

  it('leaves an alarm to a person where the specification says so, and begins anew once it is acknowledged', async () => {
    let isBroken = true;
    const readRoute = routeThatCounts(() => (isBroken ? { ...calm, disagreements: 25 } : calm));
    await withWorker({ readRoute }, async (client) => {
      const handle = await start(client, { days: 90, onAlarm: 'incident' });
      const incidents = async () => (await handle.query(supportQuery)).incidents;
      await eventually(async () => ((await incidents()).length === 1 ? true : undefined), 'an incident');
      isBroken = false;
      const acknowledge = { command: 'acknowledge', by: 'olga', comment: 'a new tokenizer', incident: 1 } as const;
      const refused = (input: SupportCommandInput) => handle.executeUpdate(supportUpdate, say(input)).catch(lastWords);
      expect(await refused({ ...acknowledge, incident: 2 })).toContain('there is no incident 2');
      expect(await refused({ ...acknowledge, comment: '' })).toContain('comment is required');
      await handle.executeUpdate(supportUpdate, say(acknowledge));
      await eventually(async () => ((await incidents())[0]!.acknowledged ? true : undefined), 'the acknowledgement');
      expect(await refused(acknowledge)).toContain('was acknowledged already');
      await handle.executeUpdate(supportUpdate, say({ command: 'rollback', by: 'olga', comment: 'complaints' }));
      const result = await handle.result();
      expect(result).toMatchObject({
        verdict: 'failed',
        finalWeight: 0,
        incidents: [{ kind: 'disagreement' }, { kind: 'reported' }],
      });
      expect(result.incidents).toHaveLength(2);
    });
  });

  it('proposes another engagement once where production has drifted away, and goes on', async () => {
    const counted = routeThatCounts(() => calm);
    const readRoute = async () => ({ ...(await counted()), classes: { twin: [900, 100], candidate: [900, 100] } });
    await withWorker({ readRoute }, async (client, { asked }) => {
      const reference = { a: 500, b: 500 };
      const handle = await start(client, { days: 3, daysPerReport: 1 }, undefined, reference);
      const result = await handle.result();
      expect(result).toMatchObject({ verdict: 'successful', incidents: [] });
      expect(result.weeks).toHaveLength(3);
      expect(result.proposal).toMatchObject({ engagement: `${handle.workflowId}-r2`, day: 1 });
      expect(result.proposal!.drift!.psi).toBeGreaterThan(0.25);
      const proposed = asked.filter((line) => /^(proposal|mail reoptimization)/.test(line));
      expect(proposed).toEqual([`proposal ${handle.workflowId}-r2`, 'mail reoptimization-proposed']);
      expect((await handle.query(supportQuery)).proposal).toEqual(result.proposal);
    });
  });

  it('proposes another engagement once what was measured is as old as the package allows', async () => {
    const aged = { package: 'enterprise', measuredAt: '2025-10-04T00:00:00.000Z' }; // 89 days before the window
    await withWorker({ readRoute: routeThatCounts(() => calm) }, async (client, { asked }) => {
      const handle = await start(client, { days: 3, looksPerDay: 1, daysPerReport: 1 }, 1, { a: 6, b: 4 }, aged);
      expect((await handle.result()).proposal).toMatchObject({ reason: 'age', day: 1 });
      expect(asked.filter((line) => line === 'mail reoptimization-proposed')).toHaveLength(1);
    });
  });

  it('puts another proposal in the place of one that has grown old itself', async () => {
    const open = { engagement: 'r2', day: 90, at: '', reason: 'age', specification: '' };
    const counts = noEvidence();
    const resume = { ...newSupport('2026-01-01T00:00:00.000Z', { counts } as RouteStatus), looks: 178, proposal: open };
    await withWorker({ readRoute: routeThatCounts(() => calm) }, async (client, { asked }) => {
      const aged = { package: 'enterprise', resume };
      const window = { days: 181, looksPerDay: 1, daysPerReport: 90 }; // reports fall due on days 179, 180 and 181
      const result = await (await start(client, window, undefined, { a: 6, b: 4 }, aged)).result();
      expect(result.weeks).toHaveLength(3);
      expect(result.proposal).toMatchObject({ reason: 'age', day: 180 });
      expect(asked.filter((line) => line === 'mail reoptimization-proposed')).toHaveLength(1);
    });
  });

  it('asks again with the next report, and tells nobody, while the engagement that it would propose runs', async () => {
    const counted = routeThatCounts(() => calm);
    const readRoute = async () => ({ ...(await counted()), classes: { twin: [900, 100], candidate: [900, 100] } });
    const writeProposal = async () => undefined;
    await withWorker({ readRoute, writeProposal }, async (client, { asked }) => {
      const handle = await start(client, { days: 2, daysPerReport: 1 }, undefined, { a: 500, b: 500 });
      expect((await handle.result()).proposal).toBeUndefined();
      expect(asked).not.toContain('mail reoptimization-proposed');
    });
  });

  it('opens an incident when nothing is compared for a day, and does not pass while nobody has looked at it', async () => {
    await withWorker({ readRoute: routeThatCounts(() => ({})) }, async (client) => {
      const result = await (await start(client, { days: 2 })).result();
      expect(result).toMatchObject({ verdict: 'inconclusive', incidents: [{ kind: 'no-data' }] });
      expect(result.reason).toContain('nobody acknowledged incident 1');
    });
  });
});
