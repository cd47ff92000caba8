import { durationText } from '../../domain/units.ts';
import type { Message, Recipient } from '../message.ts';

export interface BudgetUsed {
  kind: 'portfolio-budget-used';
  portfolio: string;
  budgetMs: number;
  /** Engagements that are not started. */
  waiting: string[];
  to: Recipient[];
}

export function budgetUsed({ portfolio, budgetMs, waiting, to }: BudgetUsed): Message {
  const one = waiting.length === 1;
  const text = `The search budget of portfolio **${portfolio}**, ${durationText(budgetMs)}, is used up. ${one ? 'One engagement is' : `${waiting.length} engagements are`} not started: ${waiting.join(', ')}.

Those that run go on. Raise the budget, or close the portfolio without the rest.`;
  const commands: [string, string][] = [
    ['Raise it, to all hours together', `npx stepdown portfolio budget ${portfolio} "… hours" --by YOUR-ADDRESS`],
    ['Leave the rest out', `npx stepdown portfolio close ${portfolio} --by YOUR-ADDRESS --comment "…"`],
    ['Look at it', `npx stepdown portfolio status ${portfolio}`],
  ];
  const subject = `Budget used up: portfolio ${portfolio}, ${waiting.length} not started`;
  return { engagement: portfolio, to, subject, text, commands, path: `/portfolios/${portfolio}` };
}
