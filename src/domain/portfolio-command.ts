import { MAXIMUM_CONCURRENCY, misplaced } from './portfolio-members.ts';
import type { PortfolioCommand, PortfolioState } from './portfolio-state.ts';

/** Returns why the command cannot be accepted, or undefined when it can. */
export function refuseCommand(
  state: PortfolioState,
  asked: PortfolioCommand & { by: string; comment: string }
): string | undefined {
  if (!asked.by?.trim()) return 'by is required: who says so?';
  if (state.closing) return `the portfolio is being closed; what runs goes on, and nothing is started any more`;
  if (asked.command === 'pause' && state.paused) return 'the portfolio is paused already';
  if (asked.command === 'resume' && !state.paused) return 'the portfolio is not paused';
  if (asked.command === 'close' && !asked.comment?.trim()) return 'comment is required: why is the rest left out?';
  if (asked.command === 'concurrency' && !isPlaces(asked.concurrency))
    return `concurrency: ${asked.concurrency} is no number of places; give a whole number from 1 to ${MAXIMUM_CONCURRENCY}`;
  if (asked.command === 'budget' && !(asked.budgetMs > 0)) return 'budget: give a duration such as 20 hours';
  if (asked.command === 'add') return refuseMember(state, asked.member.spec);
  return undefined;
}

const isPlaces = (given: number): boolean => Number.isInteger(given) && given >= 1 && given <= MAXIMUM_CONCURRENCY;

function refuseMember({ client, entries }: PortfolioState, spec: Parameters<typeof misplaced>[1][number]['spec']) {
  const { engagement } = spec;
  if (entries.some((entry) => entry.engagement === engagement)) return `engagement: '${engagement}' is in it already`;
  const [problem] = misplaced({ client: client ?? undefined }, [{ spec, at: engagement }]);
  return problem && `${problem.path}: '${problem.value}' ${problem.message}`;
}
