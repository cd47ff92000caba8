import type { PortfolioDocument, PortfolioLine } from '../domain/portfolio-document.ts';
import { counted } from '../domain/units.ts';
import { instant, span } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { dollars } from './money.ts';
import { page } from './page.ts';
import { absent, chip, reasonText, table } from './tables.ts';

/** The closing document of a portfolio as a page. */
export function renderPortfolio(document: PortfolioDocument): string {
  const { portfolio, client, startedAt, endedAt } = document;
  return page({
    title: `${portfolio}: portfolio (Stepdown report)`,
    note: 'cost is projected',
    body: html`<header><p class="eyebrow">Stepdown portfolio</p><h1>${portfolio}${client && ` for ${client}`}</h1>
<p>${instant(startedAt)} to ${endedAt && instant(endedAt)}</p></header>
<main><section>${figures(document)}
${engagements(document)}
${orders(document)}</section></main>
<footer><p>Each engagement has a report of its own. Savings are projected from measured rates; the total is drawn from all of them together.</p></footer>`,
  });
}

function figures({ saving, budget, verdicts, engagements, next }: PortfolioDocument): Html {
  const closed = Object.entries(verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return html`<dl class="tiles">
<div><dt>Saving a month, projected</dt><dd class="figure">${saving ? dollars(saving.p50) : 'none known'}</dd><dd>${saving ? `P10 ${dollars(saving.p10)}, P90 ${dollars(saving.p90)}; ${saving.of} of ${counted(engagements.length, 'model')}` : 'no candidate with prices serves'}</dd></div>
<div><dt>Engagements</dt><dd class="figure">${engagements.length}</dd><dd>${closed.join(', ') || 'none has closed'}</dd></div>
<div><dt>Search budget used</dt><dd class="figure">${budget ? span(budget.usedMs) : 'no limit'}</dd><dd>${budget && `of ${span(budget.givenMs)}`}</dd></div>
<div><dt>Not started, promises most</dt><dd class="figure">${next ? next.engagement : 'none'}</dd><dd>${next?.projected && `${dollars(next.projected.p50)} a month by published speed-ups`}</dd></div>
</dl>`;
}

function engagements({ engagements: lines }: PortfolioDocument): Html {
  return table(
    'Engagements in their order. A saving counts in the total once the candidate serves.',
    [
      { title: 'Engagement' },
      { title: 'Verdict', className: 'reason' },
      { title: 'Phases', className: 'reason' },
      { title: 'Saving a month, P10 / P50 / P90', isNumber: true },
      { title: 'Search used', isNumber: true },
    ],
    lines.map((line) => ({ cells: cellsOf(line), isChosen: line.serves }))
  );
}

function cellsOf({ engagement, client, modelName, verdict, reason, state, phases, saving, spentMs }: PortfolioLine) {
  const cells: Content[] = [
    html`${engagement}<small>${modelName} for ${client}</small>`,
    verdict ? html`${chip(verdict)}${reasonText(reason ?? '')}` : absent(state === 'left-out' ? 'not started' : state),
    phases.length > 0
      ? html`${phases.map(({ name, attempt, verdict, outcome }) => html`<small>${name}${attempt > 1 && ` (run ${attempt})`}: ${verdict}${outcome && `, ${outcome}`}</small>`)}`
      : absent('none'),
    saving ? [saving.p10, saving.p50, saving.p90].map(dollars).join(' / ') : absent('not known'),
    span(spentMs),
  ];
  return cells;
}

function orders({ orders: given }: PortfolioDocument): Html {
  if (given.length === 0) return html`<p>Nothing was changed after the start.</p>`;
  return table(
    'What people changed.',
    [{ title: 'Change' }, { title: 'By' }, { title: 'Why', className: 'reason' }],
    given.map(({ command, to, by, comment, at }) => ({
      cells: [
        html`${command}${to !== undefined && ` ${to}`}<small>${instant(at)}</small>`,
        by,
        comment || absent('not said'),
      ],
    }))
  );
}
