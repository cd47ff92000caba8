import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parsePortfolio } from '../../src/domain/portfolio.ts';
import { refuseCommand } from '../../src/domain/portfolio-command.ts';
import { portfolioDocument } from '../../src/domain/portfolio-document.ts';
import { misplaced } from '../../src/domain/portfolio-members.ts';
import {
  budgetOf,
  entryOf,
  holdsPlace,
  isUsedUp,
  mayStart,
  move,
  obey,
  type PortfolioState,
} from '../../src/domain/portfolio-state.ts';
import { projectedSaving, servingCost, totalRange } from '../../src/domain/serving-cost.ts';
import { spec } from '../workflows/fakes.ts';
import { ref } from '../workflows/measured.ts';
import { closingDocument, economics, loadTest } from './closing-document.ts';

const sources = { model: ref('model'), data: {} };
const memberOf = (name: string, projected: number | null = null) => ({
  spec: spec(name, { package: 'enterprise' }),
  sources,
  projected: projected === null ? null : { p10: projected - 1, p50: projected, p90: projected + 1 },
});
const stateOf = (over: Partial<PortfolioState> = {}, names = ['a', 'b', 'c']): PortfolioState => ({
  name: 'p',
  client: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  concurrency: 2,
  paused: false,
  closing: false,
  entries: names.map((name) => entryOf(memberOf(name))),
  orders: [],
  journaled: 0,
  ...over,
});
const started = (state: PortfolioState, index: number, own?: number) => {
  const may = mayStart(state, own);
  if (may) Object.assign(state.entries[index]!, { state: 'running', phase: 'baseline', ...may });
  return may;
};
const said = { by: 'ana', comment: 'why' };

describe('the file of a portfolio', () => {
  it('has places and a budget, and says of every mistake where it is and what to write', () => {
    const parsed = parsePortfolio({ name: 'acme', budget: '12 hours', engagements: ['a.yaml'] });
    expect(parsed).toEqual({
      portfolio: { name: 'acme', concurrency: 1, budget: 12 * 3_600_000, engagements: ['a.yaml'] },
    });
    const wrong = parsePortfolio({ name: 'A b', concurrency: 0, budget: '12', engagements: [], retries: 3 });
    const problems = 'problems' in wrong ? wrong.problems : [];
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'budget',
      'concurrency',
      'engagements',
      'name',
      'retries',
    ]);
    expect(problems.find(({ path }) => path === 'budget')).toMatchObject({
      value: '12',
      message: expect.stringContaining("'2 hours'"),
    });
  });

  it('is what its page shows', () => {
    const page = readFileSync(new URL('../../docs/portfolio.md', import.meta.url), 'utf8');
    const example = /```yaml\n(.*?)```/s.exec(page)![1]!;
    expect(parsePortfolio(parse(example))).toMatchObject({ portfolio: { name: 'acme', concurrency: 2 } });
  });

  it('refuses engagements of another package, another client or the same name, all at once', () => {
    const own = spec('a', { package: 'enterprise' });
    const members = [
      { spec: own, at: 'engagements.0' },
      { spec: spec('a', { package: 'enterprise', client: { name: 'Other' } }), at: 'engagements.1' },
      { spec: spec('b'), at: 'engagements.2' },
    ];
    expect(misplaced({ client: own.client.name }, members)).toEqual([
      { path: 'engagements.1.client.name', value: 'Other', message: expect.stringContaining('is of Acme') },
      { path: 'engagements.1.engagement', value: 'a', message: expect.stringContaining('engagements.0') },
      { path: 'engagements.2.package', value: 'professional', message: expect.stringContaining('write enterprise') },
    ]);
  });
});

describe('places and budget', () => {
  it('are given in equal shares, or as the engagement asks; what is left comes back to the others', () => {
    const state = stateOf({ budgetMs: 900 });
    expect(started(state, 0)).toEqual({ capMs: 300 });
    expect(started(state, 1, 500)).toEqual({ capMs: 500 });
    expect(mayStart(state, undefined)).toBeUndefined(); // both places are taken
    expect(budgetOf(state)).toEqual({ givenMs: 900, usedMs: 0, heldMs: 800, freeMs: 100 });
    move(state, { engagement: 'a', phase: 'ptq', spentMs: 120 });
    expect(budgetOf(state)).toEqual({ givenMs: 900, usedMs: 120, heldMs: 680, freeMs: 100 });
    move(state, { engagement: 'a', phase: 'rollout', spentMs: 120 });
    expect(state.entries.map(holdsPlace)).toEqual([false, true, false]); // its rollout runs beside the others
    expect(mayStart(state, 5_000)).toEqual({ capMs: 280 });
  });

  it('are used up once next to nothing is free and nobody gives anything back', () => {
    const state = stateOf({ budgetMs: 1_000 }, ['a', 'b']);
    started(state, 0, 1_000);
    expect([isUsedUp(state), mayStart(state, undefined)]).toEqual([false, undefined]); // it may leave some
    const closing = { verdict: 'failed', reason: 'r', endedAt: '2026-01-02T00:00:00.000Z' } as const;
    move(state, { engagement: 'a', phase: 'closed', spentMs: 995, closing });
    expect([isUsedUp(state), mayStart(state, undefined)]).toEqual([true, undefined]);
    obey(state, { command: 'budget', budgetMs: 2_000, ...said }, closing.endedAt);
    expect([isUsedUp(state), mayStart(state, undefined)]).toEqual([false, { capMs: 1_005 }]);
    expect(state.orders).toEqual([{ command: 'budget', to: '2 seconds', ...said, at: closing.endedAt }]);
    expect(move(state, { engagement: 'a', phase: 'ptq', spentMs: 1 })).toBe(false); // closed is closed
  });

  it('limit nothing without a budget, and start nothing while it is paused', () => {
    const state = stateOf();
    expect([mayStart(state, 70), mayStart(state, undefined)]).toEqual([{ capMs: 70 }, { capMs: undefined }]);
    obey(state, { command: 'pause', ...said }, '');
    expect(mayStart(state, 70)).toBeUndefined();
  });
});

it.each([
  ['nobody says it', { command: 'pause', by: ' ', comment: '' }, 'by is required'],
  ['it goes on anyway', { command: 'resume', ...said }, 'is not paused'],
  ['it ends without a reason', { command: 'close', by: 'ana', comment: '' }, 'comment is required'],
  ['there are no such places', { command: 'concurrency', concurrency: 0.5, ...said }, 'concurrency: 0.5'],
  ['it is no budget', { command: 'budget', budgetMs: Number.NaN, ...said }, 'budget: give a duration'],
  ['it is in it already', { command: 'add', member: memberOf('a'), ...said }, "'a' is in it already"],
  [
    'the package has none',
    { command: 'add', member: { ...memberOf('d'), spec: spec('d') }, ...said },
    "d.package: 'professional' has no portfolio",
  ],
] as const)('a command is refused where %s', (_, command, why) => {
  expect(refuseCommand(stateOf(), command)).toContain(why);
});

it('accepts commands that can be done, and none once it is being closed', () => {
  const state = stateOf();
  const add = { command: 'add', member: memberOf('d'), ...said } as const;
  expect(refuseCommand(state, add)).toBeUndefined();
  obey(state, { command: 'close', ...said }, '');
  expect(state.entries.map(({ state }) => state)).toEqual(['left-out', 'left-out', 'left-out']);
  expect(refuseCommand(state, add)).toContain('is being closed');
});

describe('the document of a portfolio', () => {
  const loadTests = { baseline: loadTest(80), optimized: loadTest(190) };
  const cost = servingCost(economics(), { baseline: loadTests.baseline, chosen: loadTests.optimized })!;
  const figures = { document: closingDocument({ loadTests, cost }), economics: economics() };
  const closed = { state: 'closed', verdict: 'successful', reason: 'r', phase: 'closed' } as const;

  it('adds the savings of models whose candidate serves, and of no others', () => {
    const state = stateOf({}, ['a', 'b', 'c', 'd']);
    Object.assign(state.entries[0]!, closed);
    Object.assign(state.entries[1]!, { state: 'running', phase: 'support' });
    Object.assign(state.entries[2]!, closed, { verdict: 'failed' });
    const known = new Map(['a', 'b', 'c'].map((name) => [name, figures] as const));
    const document = portfolioDocument(state, known);
    expect(document.engagements.map(({ serves }) => serves)).toEqual([true, true, false, false]);
    expect(document.verdicts).toEqual({ successful: 1, failed: 1 });
    const one = cost.range!.savingUsd;
    const { of, ...total } = document.saving!;
    expect(of).toBe(2);
    expect(total.p50).toBeGreaterThan(one.p50);
    expect(document.engagements[0]!.phases[0]).toEqual({
      name: 'baseline',
      attempt: 1,
      verdict: 'successful',
      outcome: 'approved',
    });
  });

  it('is narrower than the sum of the single intervals, as errors of models fall together by chance alone', () => {
    const model = { economics: economics(), loadTests: { baseline: loadTests.baseline, chosen: loadTests.optimized } };
    const one = totalRange([model])!;
    expect(one).toEqual(cost.range);
    const four = totalRange([model, model, model, model])!.savingUsd;
    const width = one.savingUsd.p90 - one.savingUsd.p10;
    expect(width).toBeGreaterThan(0);
    expect(four.p90 - four.p10).toBeLessThan(4 * width);
    expect(four.p50).toBeGreaterThanOrEqual(4 * one.savingUsd.p10);
    expect(four.p50).toBeLessThanOrEqual(4 * one.savingUsd.p90);
    expect(totalRange([])).toBeNull();
  });

  it('names what promises most of what was not started', () => {
    const state = stateOf({ entries: [memberOf('a'), memberOf('b', 70), memberOf('c', 90)].map(entryOf) });
    expect(portfolioDocument(state, new Map()).next?.engagement).toBe('c');
    Object.assign(state.entries[2]!, { state: 'running' });
    expect(portfolioDocument(state, new Map()).next).toMatchObject({ engagement: 'b', projected: { p50: 70 } });
    expect(portfolioDocument(stateOf(), new Map()).next).toEqual({ engagement: 'a', projected: null });
  });

  it('projects a saving from the bill alone', () => {
    expect(projectedSaving(economics())).toBeNull();
    const projected = projectedSaving(economics({ monthlyCost: 7_300 }))!;
    expect(projected.p10).toBeGreaterThanOrEqual(0);
    expect(projected.p90).toBeGreaterThan(projected.p10);
    expect(projected.p90).toBeLessThan(7_300);
  });
});
