import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { EngagementState } from '../domain/engagement.ts';
import { whySearchEnds } from '../domain/search/budget.ts';

/** One step of the search in what is left of its budget. False when that ended before the step or in it. */
export async function withinBudget(state: EngagementState, step: () => Promise<unknown>): Promise<boolean> {
  const limits = state.spec.search;
  if (!limits) {
    await step(); // kicked off before there were budgets
    return true;
  }
  state.search ??= { spentMs: 0, trials: 0 };
  const { search } = state;
  search.ended = whySearchEnds(limits, search);
  if (search.ended) return false;
  const startedMs = Date.now();
  const within = limits.budget === undefined ? {} : { timeout: limits.budget - search.spentMs };
  try {
    await new CancellationScope({ cancellable: true, ...within }).run(step);
    search.trials += 1;
    return true;
  } catch (error) {
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    search.ended = whySearchEnds(limits, { ...search, spentMs: limits.budget! });
    log.info(`the search ends: ${search.ended}`);
    return false;
  } finally {
    search.spentMs += Date.now() - startedMs;
  }
}
