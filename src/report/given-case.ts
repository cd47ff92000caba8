import type { GivenAssessment } from '../domain/given-case.ts';
import { html } from './html.ts';
import { days, dollars, percent } from './money.ts';
import { page } from './page.ts';
import { table } from './tables.ts';

/** Every figure is given or follows from what is given, and says so. */
export function renderGivenCase(assessment: GivenAssessment): string {
  const { name, figures, speedup, feeUsd, return: money, notes, source } = assessment;
  const columns = [
    { title: 'Figure' },
    { title: 'Baseline', isNumber: true },
    { title: 'Candidate', isNumber: true },
    { title: 'Unit' },
    { title: 'Basis' },
  ];
  const shown = (value: number) => value.toLocaleString('en-US');
  const rows = figures.map((figure) => ({
    cells: [figure.name, shown(figure.baseline), shown(figure.candidate), figure.unit, figure.basis],
  }));
  return page({
    title: `Assessment of ${name} (Stepdown, given)`,
    note: 'given, not measured',
    body: html`<header><p class="eyebrow">Stepdown assessment: given, not measured</p>
<h1>${name}</h1>
<div class="headline inconclusive"><p><strong>${percent(money.savingFraction)} less: ${dollars(money.savingUsdPerMonth)} a month saved, a fee of ${dollars(feeUsd)} paid back in ${days(money.paybackDays)}.</strong></p>
<div class="why">${notes.map((note) => html`<small>${note}</small><br>`)}</div></div></header>
<main><h2>Figures</h2>
${table(html`Given by ${source}.`, columns, rows)}
<p>Speed-up ${speedup.toFixed(2)} times, 12-month return ${percent(money.return12Months)}; both follow from what is given.</p></main>
<footer><p>Nothing in this report was measured. A month has 730 hours, which is 30.4167 days.</p></footer>`,
  });
}
