import type { Quantiles } from './cost-comparison.ts';
import type { Phase } from './engagement.ts';
import type { PortfolioMember } from './portfolio-members.ts';
import { durationText } from './units.ts';
import type { Verdict } from './verdict.ts';

/** Phases that take a place: those that look for a candidate. A rollout and its support window run beside others. */
const IN_WORK: readonly string[] = ['baseline', 'ptq', 'optimization'] satisfies Phase[];

/** Below this share of the budget nothing is started: a search of no length finds nothing. */
const LEAST_SHARE = 0.01;

/** What an engagement of a portfolio says of itself at each phase. */
export interface Moved {
  engagement: string;
  phase: Phase | 'closed';
  /** Of search. */
  spentMs: number;
  /** Once it has closed. */
  closing?: { verdict: Verdict; reason: string; endedAt: string };
}

export interface PortfolioEntry {
  engagement: string;
  client: string;
  modelName: string;
  package: string;
  projected: Quantiles | null;
  /** `refused`: it could not be started; `left-out`: the portfolio was closed before. */
  state: 'waiting' | 'running' | 'closed' | 'refused' | 'left-out';
  phase?: Phase | 'closed';
  /** Of the budget: what it may use, absent where there is none, and what it has used. */
  capMs?: number | undefined;
  spentMs: number;
  startedAt?: string;
  endedAt?: string;
  verdict?: Verdict;
  reason?: string;
}

export type PortfolioCommand =
  | { command: 'pause' | 'resume' | 'close' }
  | { command: 'concurrency'; concurrency: number }
  | { command: 'budget'; budgetMs: number }
  | { command: 'add'; member: PortfolioMember };

/** What a person asked of a portfolio, without the files. */
export interface PortfolioOrder {
  command: PortfolioCommand['command'];
  /** The number of places, the budget or the engagement. */
  to?: number | string;
  by: string;
  comment: string;
  at: string;
}

/** Everything that a portfolio knows; crosses continue-as-new whole. */
export interface PortfolioState {
  name: string;
  client: string | null;
  startedAt: string;
  concurrency: number;
  budgetMs?: number | undefined;
  paused: boolean;
  /** Nothing more is started. */
  closing: boolean;
  entries: PortfolioEntry[];
  orders: PortfolioOrder[];
  /** Orders that stand in the journal. */
  journaled: number;
  /** The budget at which people were told that it is used up. */
  toldAtMs?: number;
}

/** The budget in parts: used, held by those in work, and free for the next. */
export interface BudgetParts {
  givenMs: number;
  usedMs: number;
  heldMs: number;
  freeMs: number;
}

export function entryOf({ spec, projected }: PortfolioMember): PortfolioEntry {
  const { engagement, client, model } = spec;
  const known = { engagement, client: client.name, modelName: model.name, package: spec.package, projected };
  return { ...known, state: 'waiting', spentMs: 0 };
}

export const holdsPlace = ({ state, phase }: Pick<PortfolioEntry, 'state' | 'phase'>): boolean =>
  state === 'running' && IN_WORK.includes(phase ?? 'baseline');

export const isOver = ({ entries }: PortfolioState): boolean =>
  entries.every(({ state }) => state !== 'waiting' && state !== 'running');

export function budgetOf({ budgetMs, entries }: Pick<PortfolioState, 'budgetMs' | 'entries'>): BudgetParts | undefined {
  if (budgetMs === undefined) return undefined;
  const sum = (parts: number[]) => parts.reduce((total, part) => total + part, 0);
  const usedMs = sum(entries.map(({ spentMs }) => spentMs));
  const heldMs = sum(entries.map((entry) => (holdsPlace(entry) ? Math.max(0, (entry.capMs ?? 0) - entry.spentMs) : 0)));
  return { givenMs: budgetMs, usedMs, heldMs, freeMs: Math.max(0, budgetMs - usedMs - heldMs) };
}

/**
 * Whether the next one may start: in a free place, with the search budget that it may use. One without a budget of its
 * own gets an equal share of what is free for all that wait; what others leave of theirs comes back.
 */
export function mayStart(state: PortfolioState, own: number | undefined): { capMs: number | undefined } | undefined {
  if (state.paused || state.closing) return undefined;
  if (state.entries.filter(holdsPlace).length >= state.concurrency) return undefined;
  const budget = budgetOf(state);
  if (!budget) return { capMs: own };
  if (isSpent(budget)) return undefined;
  const waiting = state.entries.filter((entry) => entry.state === 'waiting').length;
  return { capMs: Math.floor(Math.min(own ?? budget.freeMs / waiting, budget.freeMs)) };
}

const isSpent = ({ freeMs, givenMs }: BudgetParts): boolean => freeMs < givenMs * LEAST_SHARE;

/** Whether some wait that nothing but more budget will start. */
export function isUsedUp(state: PortfolioState): boolean {
  const budget = budgetOf(state);
  if (!budget || state.closing || !state.entries.some((entry) => entry.state === 'waiting')) return false;
  return isSpent(budget) && !state.entries.some(holdsPlace);
}

/** Takes in what an engagement says; false where it is of nobody here, or known already. */
export function move({ entries }: PortfolioState, { engagement, phase, spentMs, closing }: Moved): boolean {
  const entry = entries.find((each) => each.engagement === engagement && each.state === 'running');
  if (!entry) return false;
  entry.phase = phase;
  entry.spentMs = spentMs;
  if (closing) Object.assign(entry, closing, { state: 'closed' });
  return true;
}

/** Does what was asked; the workflow keeps the files of a member that was added. */
export function obey(
  state: PortfolioState,
  asked: PortfolioCommand & { by: string; comment: string },
  at: string
): void {
  const { command, by, comment } = asked;
  if (command === 'pause' || command === 'resume') state.paused = command === 'pause';
  if (command === 'close') {
    state.closing = true;
    for (const entry of state.entries) if (entry.state === 'waiting') entry.state = 'left-out';
  }
  if (command === 'concurrency') state.concurrency = asked.concurrency;
  if (command === 'budget') state.budgetMs = asked.budgetMs;
  if (command === 'add') state.entries.push(entryOf(asked.member));
  const to = toOf(asked);
  state.orders.push({ command, ...(to !== undefined && { to }), by, comment, at });
}

function toOf(asked: PortfolioCommand): number | string | undefined {
  if (asked.command === 'concurrency') return asked.concurrency;
  if (asked.command === 'budget') return durationText(asked.budgetMs);
  return asked.command === 'add' ? asked.member.spec.engagement : undefined;
}
