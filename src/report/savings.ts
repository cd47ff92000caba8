import type { CostRange, Return } from '../domain/cost-comparison.ts';
import type { Content, Html } from './html.ts';
import { days, dollars, percent } from './money.ts';
import { table } from './tables.ts';

const LEVELS = ['p10', 'p50', 'p90'] as const;
type Level = (typeof LEVELS)[number];

/** Cost, saving and, with a fee, its return, each as P10, P50 and P90. */
export function savingsTable(
  caption: Content,
  { range, returns, feeUsd }: { range: CostRange; returns: Record<Level, Return>; feeUsd: number | null }
): Html {
  const row = (name: string, text: (level: Level) => string) => ({ cells: [name, ...LEVELS.map(text)] });
  const ofFee = [
    row('Payback', (level) => days(returns[level].paybackDays)),
    row('12-month return', (level) => percent(returns[level].return12Months)),
  ];
  const columns = [{ title: '' }, ...LEVELS.map((level) => ({ title: level.toUpperCase(), isNumber: true }))];
  return table(caption, columns, [
    row('Cost per month', (level) => dollars(range.candidateUsd[level])),
    row('Saving per month', (level) => dollars(range.savingUsd[level])),
    row('Saving', (level) => percent(returns[level].savingFraction)),
    ...(feeUsd === null ? [] : ofFee),
  ]);
}
