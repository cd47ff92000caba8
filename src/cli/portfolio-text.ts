import type { PortfolioDocument, PortfolioLine } from '../domain/portfolio-document.ts';
import { counted } from '../domain/units.ts';
import { span } from '../report/format.ts';
import { dollars } from '../report/money.ts';
import { table } from './output.ts';
import type { PortfolioRow } from './portfolios.ts';

export function portfolioText(document: PortfolioDocument): string {
  const { portfolio, client, standing, concurrency, inWork, budget, saving, next, engagements, report } = document;
  const money = budget
    ? `${span(budget.usedMs)} used, ${span(budget.heldMs)} held, ${span(budget.freeMs)} free of ${span(budget.givenMs)}`
    : 'no limit';
  const total = saving
    ? `${dollars(saving.p50)} a month (P10 ${dollars(saving.p10)}, P90 ${dollars(saving.p90)}; ${saving.of} of ${counted(engagements.length, 'model')}; projected)`
    : 'none known: no candidate with prices serves yet';
  const promise = next?.projected ? `, ${dollars(next.projected.p50)} a month by published speed-ups` : '';
  return [
    `${portfolio}${client ? `: ${client}` : ''}, ${standing}`,
    `  places   ${inWork} of ${concurrency} taken`,
    `  search   ${money}`,
    `  saving   ${total}`,
    ...(next ? [`  next     ${next.engagement} promises most of what is not started${promise}`] : []),
    '',
    table([['ENGAGEMENT', 'MODEL', 'STANDS AT', 'VERDICT', 'SAVING A MONTH', 'SEARCH'], ...engagements.map(rowOf)]),
    ...(standing === 'budget used up'
      ? ['', `more: stepdown portfolio budget ${portfolio} "<all hours together> hours" --by <who>`]
      : []),
    ...(report ? ['', `report   ${report}`] : []),
  ].join('\n');
}

const rowOf = ({ engagement, modelName, state, phase, verdict, reason, saving, spentMs, serves }: PortfolioLine) => [
  engagement,
  modelName,
  state === 'running' ? (phase ?? 'baseline') : state,
  verdict ? (verdict === 'successful' ? verdict : `${verdict}: ${reason}`) : '-',
  saving ? `${dollars(saving.p50)}${serves ? '' : ' (does not serve)'}` : '-',
  span(spentMs),
];

export function portfolioTable(rows: PortfolioRow[]): string {
  if (rows.length === 0) return 'no portfolios yet; start one with `stepdown portfolio start <portfolio.yaml>`';
  const lines = rows.map(({ portfolio, client, startedAt, status }) => [
    portfolio,
    client ?? '-',
    status,
    startedAt.slice(0, 16).replace('T', ' '),
  ]);
  return table([['PORTFOLIO', 'CLIENT', 'STATUS', 'STARTED'], ...lines]);
}
