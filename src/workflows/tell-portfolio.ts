import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import type { EngagementInput, EngagementState } from '../domain/engagement.ts';
import { portfolioId } from '../domain/ids.ts';
import type { Moved } from '../domain/portfolio-state.ts';
import { engagementMovedSignal } from './messages.ts';

/** Says to the portfolio that started it where an engagement stands; a portfolio that is gone stops nothing. */
export async function tellPortfolio(
  { portfolio }: Pick<EngagementInput, 'portfolio'>,
  { spec, phase, search }: EngagementState,
  closing?: Moved['closing']
): Promise<void> {
  if (portfolio === undefined) return;
  const moved: Moved = { engagement: spec.engagement, phase, spentMs: search?.spentMs ?? 0 };
  try {
    await getExternalWorkflowHandle(portfolioId(portfolio)).signal(engagementMovedSignal, {
      ...moved,
      ...(closing && { closing }),
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`portfolio ${portfolio} could not be told of phase ${phase}`);
  }
}
