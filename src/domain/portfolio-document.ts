import type { Quantiles } from './cost-comparison.ts';
import type { ClosingDocument } from './engagement.ts';
import {
  type BudgetParts,
  budgetOf,
  holdsPlace,
  isOver,
  isUsedUp,
  type PortfolioEntry,
  type PortfolioOrder,
  type PortfolioState,
} from './portfolio-state.ts';
import { type Economics, totalRange } from './serving-cost.ts';
import type { Verdict } from './verdict.ts';

/** One engagement of a portfolio, with what its own document says; cost is projected wherever it appears. */
export interface PortfolioLine extends PortfolioEntry {
  phases: { name: string; attempt: number; verdict: Verdict; outcome: string | null }[];
  /** Dollars a month, from measured rates. */
  saving: Quantiles | null;
  /** Whether the candidate serves, so that its saving counts. */
  serves: boolean;
  report: string | null;
}

export interface PortfolioDocument {
  portfolio: string;
  client: string | null;
  standing: 'running' | 'paused' | 'budget used up' | 'closing' | 'closed';
  startedAt: string;
  endedAt: string | null;
  concurrency: number;
  /** Places taken. */
  inWork: number;
  budget: BudgetParts | null;
  engagements: PortfolioLine[];
  /** How many have closed with each. */
  verdicts: Partial<Record<Verdict, number>>;
  /** Of all whose candidate serves and whose cost is known, together: `of` counts them. */
  saving: (Quantiles & { of: number }) | null;
  /** What was not started and promises most; the first in order where no bill was given. */
  next: { engagement: string; projected: Quantiles | null } | null;
  orders: PortfolioOrder[];
  /** The page, once it is written. */
  report: string | null;
}

/** Of one engagement: its document, also one that is not closed yet, and what it was to be paid for with. */
export interface MemberFigures {
  document: ClosingDocument;
  economics?: Economics | undefined;
}

/** Everything that people are shown, of a portfolio that runs or has ended. */
export function portfolioDocument(
  state: PortfolioState,
  figures: ReadonlyMap<string, MemberFigures>,
  { endedAt = null, report = null }: { endedAt?: string | null; report?: string | null } = {}
): PortfolioDocument {
  const lines = state.entries.map((entry) => lineOf(entry, figures.get(entry.engagement)?.document));
  const paid = lines.flatMap(({ engagement, serves }) => {
    const { document, economics } = figures.get(engagement) ?? {};
    if (!serves || !document || !economics) return [];
    const { baseline, optimized } = document.loadTests ?? {};
    return [{ economics, loadTests: { baseline: baseline ?? undefined, chosen: optimized ?? undefined } }];
  });
  const total = totalRange(paid);
  const verdicts: PortfolioDocument['verdicts'] = {};
  for (const { verdict, state } of lines)
    if (verdict && state === 'closed') verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  return {
    portfolio: state.name,
    client: state.client,
    standing: standingOf(state),
    startedAt: state.startedAt,
    endedAt,
    concurrency: state.concurrency,
    inWork: state.entries.filter(holdsPlace).length,
    budget: budgetOf(state) ?? null,
    engagements: lines,
    verdicts,
    saving: total && { ...total.savingUsd, of: lines.filter(({ serves, saving }) => serves && saving).length },
    next: nextOf(state.entries),
    orders: state.orders,
    report,
  };
}

function standingOf(state: PortfolioState): PortfolioDocument['standing'] {
  if (isOver(state)) return 'closed';
  if (state.closing) return 'closing';
  if (state.paused) return 'paused';
  return isUsedUp(state) ? 'budget used up' : 'running';
}

function lineOf(entry: PortfolioEntry, document: ClosingDocument | undefined): PortfolioLine {
  const phases = (document?.phases ?? []).map(({ name, attempt, verdict, decision }) => ({
    name,
    attempt,
    verdict,
    outcome: decision?.outcome ?? null,
  }));
  const isReleased = entry.phase === 'support' || (entry.state === 'closed' && entry.verdict === 'successful');
  return {
    ...entry,
    phases,
    saving: document?.cost?.range?.savingUsd ?? null,
    serves: isReleased,
    report: document?.report || null,
  };
}

function nextOf(entries: PortfolioEntry[]): PortfolioDocument['next'] {
  const left = entries.filter(({ state }) => state === 'waiting' || state === 'left-out');
  const promise = ({ projected }: PortfolioEntry) => projected?.p50 ?? Number.NEGATIVE_INFINITY;
  const [best] = left.sort((a, b) => promise(b) - promise(a) || 0);
  return best ? { engagement: best.engagement, projected: best.projected } : null;
}
