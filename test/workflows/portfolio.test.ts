import { cancelled } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/cli/decide.ts';
import { statusOf } from '../../src/cli/engagements.ts';
import { commandPortfolio, listPortfolios } from '../../src/cli/portfolios.ts';
import { FailureType, lastWords } from '../../src/domain/errors.ts';
import { engagementId, portfolioId, QUEUES } from '../../src/domain/ids.ts';
import type { PortfolioMember } from '../../src/domain/portfolio-members.ts';
import type { PortfolioCommand } from '../../src/domain/portfolio-state.ts';
import { portfolioQuery } from '../../src/workflows/messages.ts';
import { type PortfolioInput, portfolio } from '../../src/workflows/portfolio.ts';
import { portfolioAttributes } from '../../src/workflows/search-attributes.ts';
import { APPROVER, spec } from './fakes.ts';
import { eventually, uniqueName, withWorker } from './harness.ts';
import { ref } from './measured.ts';

const sources = { model: ref('model'), tokenizer: ref('tokenizer'), data: {} };

const memberOf = (name: string, search: object = {}): PortfolioMember => ({
  spec: spec(name, { package: 'enterprise', search }),
  sources,
  projected: null,
});

const start = (client: Client, members: PortfolioMember[], more: Partial<PortfolioInput> = {}) => {
  const name = uniqueName();
  return client.workflow.start(portfolio, {
    workflowId: portfolioId(name),
    taskQueue: QUEUES.engagement,
    typedSearchAttributes: portfolioAttributes(name, 'Acme'),
    args: [{ name, concurrency: 1, startedBy: 'test', ...more, members }],
  });
};

/** Work that ends, as a failure, when it is let; and how much of it went on at the same time. */
function gatedWork() {
  const waiting: (() => void)[] = [];
  let most = 0;
  const prepareData = async (): Promise<never> => {
    const released = new Promise<void>((resolve) => waiting.push(resolve));
    most = Math.max(most, waiting.length);
    await Promise.race([released, cancelled()]); // the second, when the worker ends
    throw ApplicationFailure.nonRetryable('no such column', FailureType.BadRequest);
  };
  const atWork = (least: number) =>
    eventually(async () => (waiting.length >= least ? true : undefined), `${least} at work`);
  return {
    prepareData,
    most: () => most,
    atWork,
    /** Lets one go once so many wait. */
    async release(atLeast: number) {
      await atWork(atLeast);
      waiting.shift()!();
    },
  };
}

type Handle = Awaited<ReturnType<typeof start>>;
const nameOf = ({ workflowId }: Handle) => workflowId.replace('portfolio/', '');
const say = (client: Client, handle: Handle, command: PortfolioCommand) =>
  commandPortfolio(client, nameOf(handle), { ...command, by: 'ana', comment: 'why' });

describe('a portfolio', () => {
  it('runs no more at a time than it has places, through continue-as-new, and one failure stops no other', async () => {
    const work = gatedWork();
    await withWorker({ prepareData: work.prepareData }, async (client, { asked }) => {
      const names = [uniqueName(), uniqueName(), uniqueName()];
      const handle = await start(
        client,
        names.map((name) => memberOf(name)),
        { concurrency: 2, historyLimit: 1 }
      );
      await work.release(2);
      await work.release(2); // the third has taken the free place
      await work.release(1);
      const document = await handle.result();
      expect(work.most()).toBe(2);
      expect(document).toMatchObject({ standing: 'closed', verdicts: { error: 3 }, next: null });
      expect(document.engagements.map(({ engagement, reason }) => [engagement, reason])).toEqual(
        names.map((name) => [name, 'baseline: no such column'])
      );
      const first = client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
      expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
      expect(asked).toEqual(expect.arrayContaining(['journal begun', 'mail engagement-closed']));
      const portfolios = (await listPortfolios(client)).filter((row) => row.portfolio === nameOf(handle));
      expect(portfolios).toMatchObject([{ client: 'Acme' }]);
      const query = `WorkflowType = 'engagement' AND Portfolio = '${nameOf(handle)}'`;
      await eventually(async () => ((await client.workflow.count(query)).count === 3 ? true : undefined), 'the index');
    });
  });

  it('starts nothing once its budget is used up, says so, and goes on when a person raises it', async () => {
    const slow = async ({ id }: { id?: string }) => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return { key: `key-${id}`, quantized: { model: ref('int8') } };
    };
    await withWorker({ quantizeCandidate: slow }, async (client, { asked }) => {
      const [first, second] = [uniqueName(), uniqueName()] as const;
      const members = [memberOf(first, { budget: '5 hours' }), memberOf(second)];
      const handle = await start(client, members, { budgetMs: 300 });
      const status = () => handle.query(portfolioQuery);
      for (const [gate, outcome] of [
        ['baseline', 'approved'],
        ['ptq', 'rejected'],
      ] as const)
        await eventually(async () => {
          const { gate: open } = await statusOf(client, first);
          if (open?.gate !== gate) return undefined;
          return decide(client, first, { gate, outcome, by: APPROVER, comment: 'because' });
        }, gate);
      await eventually(async () => (asked.includes('mail portfolio-budget-used') ? true : undefined), 'the mail');
      const { entries } = await status();
      expect(entries).toMatchObject([{ state: 'closed', capMs: 300 }, { state: 'waiting' }]);
      expect(entries[0]!.spentMs).toBeGreaterThanOrEqual(300);
      await say(client, handle, { command: 'budget', budgetMs: 3_600_000 });
      const { state } = await eventually(() => statusOf(client, second), 'the second');
      expect(state.spec.search.budget).toBe(3_600_000 - entries[0]!.spentMs);
      expect(asked.filter((line) => line === 'mail portfolio-budget-used')).toHaveLength(1);
      expect(asked).toContain('journal order/1');
      await handle.cancel();
      await handle.result().catch(() => {});
      expect((await client.workflow.getHandle(engagementId(second)).describe()).status.name).toBe('RUNNING');
      await client.workflow.getHandle(engagementId(second)).terminate();
    });
  });

  it('starts nothing while it is paused, takes more in, and notices after continue-as-new who was terminated', async () => {
    const work = gatedWork();
    await withWorker({ prepareData: work.prepareData }, async (client) => {
      const [first, second, third] = [uniqueName(), uniqueName(), uniqueName()] as const;
      const handle = await start(client, [memberOf(first), memberOf(second)], { historyLimit: 1 });
      await eventually(() => statusOf(client, first), 'the first');
      await say(client, handle, { command: 'pause' });
      await work.release(1);
      const at = (index: number, wanted: string) =>
        eventually(async () => {
          const { entries } = await handle.query(portfolioQuery);
          return entries[index]?.state === wanted ? entries : undefined;
        }, `${wanted} of ${index}`);
      expect((await at(0, 'closed')).map(({ state }) => state)).toEqual(['closed', 'waiting']);
      expect(await say(client, handle, { command: 'pause' }).catch(lastWords)).toContain('is paused already');
      await say(client, handle, { command: 'add', member: memberOf(third) });
      await say(client, handle, { command: 'resume' });
      await at(1, 'running');
      await work.atWork(1);
      await client.workflow.getHandle(engagementId(second)).terminate();
      await say(client, handle, { command: 'concurrency', concurrency: 2 }); // the next run knocks
      await at(1, 'closed');
      await at(2, 'running');
      await work.release(2); // what was terminated waits still
      await work.release(1);
      const document = await handle.result();
      expect(document.engagements.map(({ verdict }) => verdict)).toEqual(['error', 'error', 'error']);
      expect(document.engagements[1]!.reason).toMatch(/terminated/);
      expect(document.orders.map(({ command }) => command)).toEqual(['pause', 'add', 'resume', 'concurrency']);
    });
  });

  it('leaves out what is not started when it is closed, and what exists already is refused', async () => {
    const work = gatedWork();
    await withWorker({ prepareData: work.prepareData }, async (client) => {
      const [first, second] = [uniqueName(), uniqueName()] as const;
      const other = await start(client, [memberOf(first)]);
      await eventually(() => statusOf(client, first), 'the first');
      const handle = await start(client, [memberOf(first), memberOf(second), memberOf(uniqueName())]);
      await eventually(() => statusOf(client, second), 'the second');
      await say(client, handle, { command: 'close' });
      await work.release(2);
      await work.release(1);
      const document = await handle.result();
      expect(document.engagements.map(({ state }) => state)).toEqual(['refused', 'closed', 'left-out']);
      expect(document.next?.engagement).toBe(document.engagements[2]!.engagement);
      expect(await other.result()).toMatchObject({ standing: 'closed', verdicts: { error: 1 } });
    });
  });
});
