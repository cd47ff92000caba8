import {
  allHandlersFinished,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setHandler,
  startChild,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { commandRefused, lastWords } from '../domain/errors.ts';
import { engagementId, portfolioJournal } from '../domain/ids.ts';
import { refuseCommand } from '../domain/portfolio-command.ts';
import type { PortfolioDocument } from '../domain/portfolio-document.ts';
import type { PortfolioMember } from '../domain/portfolio-members.ts';
import {
  entryOf,
  isOver,
  isUsedUp,
  mayStart,
  move,
  obey,
  type PortfolioEntry,
  type PortfolioState,
} from '../domain/portfolio-state.ts';
import { records } from './activities.ts';
import { engagement } from './engagement.ts';
import { engagementMovedSignal, knockSignal, portfolioQuery, portfolioUpdate } from './messages.ts';
import { kickOffAttributes, kickOffMemo } from './search-attributes.ts';
import { tell } from './tell.ts';

export interface PortfolioInput {
  name: string;
  client?: string | undefined;
  concurrency: number;
  budgetMs?: number | undefined;
  /** Not started yet. */
  members: PortfolioMember[];
  startedBy: string;
  /** Where an earlier run of the same portfolio stood. */
  resume?: PortfolioState;
  /** Continue as new once the history has this many events; the server's advice by default. */
  historyLimit?: number;
}

const GONE = 'it ended without a word: it was terminated, or it failed; look at it in Temporal';
const KNOCK_EVERY = '1 day'; // who was started by an earlier run and was terminated is noticed by then

/** Engagements of several models: so many at a time, from one budget. They outlive it, and it outlives them. */
export async function portfolio(input: PortfolioInput): Promise<PortfolioDocument> {
  const state = input.resume ?? begin(input);
  const members = [...input.members];
  const isNew = { is: !input.resume }; // something was said since the last turn
  const ofEarlierRun = state.entries.filter((entry) => entry.state === 'running');
  setHandler(portfolioQuery, () => state);
  setHandler(engagementMovedSignal, (moved) => {
    isNew.is = move(state, moved) || isNew.is;
  });
  setHandler(
    portfolioUpdate,
    (asked) => {
      obey(state, asked, new Date().toISOString());
      if (asked.command === 'add') members.push(asked.member);
      isNew.is = true;
      return state;
    },
    {
      description: 'Pause, resume or close; change places or budget; add an engagement',
      validator: (asked) => {
        const reason = refuseCommand(state, asked);
        if (reason) throw commandRefused(reason);
      },
    }
  );
  if (!input.resume) await journal(state, 'begun', { ...state, startedBy: input.startedBy });
  for (let turn = 1; ; turn += 1) {
    const mayKnock = !isNew.is;
    if (patched('heard-while-knocking')) isNew.is = false; // 2026-11-27; until no older portfolio runs
    if (mayKnock) await knock(ofEarlierRun);
    if (!patched('heard-while-knocking')) isNew.is = false; // forgot what was said meanwhile
    await journalOrders(state);
    await startWhatMay(input, state, members, isNew);
    if (isOver(state) && !isNew.is) break;
    if (isUsedUp(state)) tellOnce(state, members);
    setCurrentDetails(detailsOf(state));
    // never in the task of an Update: the server gives that up where a signal comes in between
    if (turn > 1 && !isNew.is) await continueWhenLong(input, state, members);
    await condition(() => isNew.is, KNOCK_EVERY);
  }
  state.closing = true; // nothing more is taken in
  return close(state);
}

function begin({ name, client, concurrency, budgetMs, members }: PortfolioInput): PortfolioState {
  return {
    name,
    client: client ?? null,
    startedAt: new Date().toISOString(),
    concurrency,
    budgetMs,
    paused: false,
    closing: false,
    entries: members.map(entryOf),
    orders: [],
    journaled: 0,
  };
}

/** In the order of the file, as long as there is a place and something of the budget. */
async function startWhatMay(
  input: PortfolioInput,
  state: PortfolioState,
  members: PortfolioMember[],
  isNew: { is: boolean }
): Promise<void> {
  for (let member = members[0]; member; member = members[0]) {
    const may = state.closing ? undefined : mayStart(state, member.spec.search.budget);
    if (!may) return;
    members.shift();
    const entry = state.entries.find((each) => each.engagement === member.spec.engagement)!;
    await start(input, state, entry, member, may.capMs, isNew);
  }
}

/** Neither the end nor the cancellation of the portfolio reaches what it started. */
async function start(
  { startedBy }: PortfolioInput,
  state: PortfolioState,
  entry: PortfolioEntry,
  { spec, sources }: PortfolioMember,
  capMs: number | undefined,
  isNew: { is: boolean }
): Promise<void> {
  const { name } = state;
  const startedAt = new Date().toISOString();
  const search = { ...spec.search, ...(capMs !== undefined && { budget: capMs }) };
  Object.assign(entry, { state: 'running', phase: 'baseline', capMs, startedAt });
  try {
    const child = await startChild(engagement, {
      workflowId: engagementId(spec.engagement),
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: `${spec.client.name}: ${spec.model.name}, ${spec.package}, portfolio ${name}`,
      typedSearchAttributes: kickOffAttributes(spec, name),
      memo: kickOffMemo(sources),
      args: [{ spec: { ...spec, search }, sources, startedBy, startedAt, portfolio: name }],
    });
    child.result().then(
      ({ verdict, reason, endedAt, search }) => {
        const closing = { verdict, reason, endedAt };
        const { engagement, spentMs } = entry;
        const moved = { engagement, phase: 'closed', spentMs: search?.spentMs ?? spentMs, closing } as const;
        isNew.is = move(state, moved) || isNew.is;
      },
      (error) => {
        isNew.is = end(entry, 'closed', `it ended without a report: ${lastWords(error)}`) || isNew.is;
      }
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    end(entry, 'refused', `it could not be started: ${lastWords(error)}`);
  }
}

/** Without a closing document; false where it has closed with one. What it used was not said: it counts as all of it. */
function end(entry: PortfolioEntry, state: 'closed' | 'refused', reason: string): boolean {
  if (entry.state !== 'running') return false;
  const spentMs = state === 'refused' ? 0 : Math.max(entry.spentMs, entry.capMs ?? 0);
  Object.assign(entry, { state, verdict: 'error', reason, spentMs, endedAt: new Date().toISOString() });
  return true;
}

/** Those of an earlier run tell of themselves, unless they are gone. */
async function knock(entries: PortfolioEntry[]): Promise<void> {
  for (const entry of entries.filter(({ state }) => state === 'running'))
    try {
      await getExternalWorkflowHandle(engagementId(entry.engagement)).signal(knockSignal);
    } catch (error) {
      if (isCancellation(error)) throw error;
      end(entry, 'closed', GONE);
    }
}

const journal = ({ name }: PortfolioState, event: string, body: unknown): Promise<void> =>
  records.writeJournal({ engagement: portfolioJournal(name), event, kind: 'portfolio', body });

async function journalOrders(state: PortfolioState): Promise<void> {
  for (let order = state.orders[state.journaled]; order; order = state.orders[state.journaled]) {
    await journal(state, `order/${state.journaled + 1}`, order);
    state.journaled += 1;
  }
}

/** Of each budget that is used up. */
function tellOnce(state: PortfolioState, members: PortfolioMember[]): void {
  if (state.toldAtMs === state.budgetMs) return;
  state.toldAtMs = state.budgetMs!;
  const waiting = members.map(({ spec }) => spec.engagement);
  const to = peopleOf(members);
  const { name: portfolio, budgetMs } = state;
  tell({ kind: 'portfolio-budget-used', portfolio, budgetMs: budgetMs!, waiting, to }, portfolio).catch(() => {}); // a dead mail server holds up no raise
}

const peopleOf = (members: PortfolioMember[]) => {
  const everybody = members.flatMap(({ spec }) => spec.gates.approvers);
  return [...new Map(everybody.map((person) => [person.email, person])).values()];
};

async function close(state: PortfolioState): Promise<PortfolioDocument> {
  const document = await records.writePortfolio({ state, endedAt: new Date().toISOString() });
  setCurrentDetails(`Closed. ${detailsOf(state)}\n\nReport: ${document.report}`);
  return document;
}

function detailsOf({ name, entries, paused }: PortfolioState): string {
  const lines = entries.map(
    ({ engagement, state, phase, verdict }) => `- ${engagement}: ${verdict ?? (state === 'running' ? phase : state)}`
  );
  return [`Portfolio **${name}**${paused ? ', paused' : ''}`, lines.join('\n')].join('\n\n');
}

async function continueWhenLong(
  input: PortfolioInput,
  state: PortfolioState,
  members: PortfolioMember[]
): Promise<void> {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  if (!continueAsNewSuggested && historyLength < (input.historyLimit ?? Number.POSITIVE_INFINITY)) return;
  await condition(allHandlersFinished);
  await continueAsNew<typeof portfolio>({ ...input, members, resume: state });
}
