import type { Assessment } from '../domain/assessment.ts';
import type { SourcedRange } from '../domain/published.ts';
import { type Html, html } from './html.ts';
import { days, dollars, factor, percent, perThousand } from './money.ts';
import { page } from './page.ts';
import { savingsTable } from './savings.ts';
import { table } from './tables.ts';

/** Money is projected, and says so; the quick lap's figures say that they were measured. */
export function renderAssessment(assessment: Assessment): string {
  const name = assessment.model?.name ?? 'your model';
  return page({
    title: `Assessment of ${name} (Stepdown, projected)`,
    note: assessment.lap ? 'projected from a quick lap' : 'projected, not measured',
    body: html`${head(assessment, name)}
<main>
${savings(assessment)}
${grounds(assessment)}
${sizes(assessment)}
${assumptions(assessment)}
${weeks(assessment)}
</main>
<footer><p>Projected on ${assessment.date}${assessment.lap ? ' from a quick lap on one host' : '; nothing in this report was measured'}. A month has 730 hours.</p></footer>`,
  });
}

function head(assessment: Assessment, name: string): Html {
  const { today, fleet, price, range, returns, breakEvenSpeedup } = assessment;
  const { p10, p90 } = range.savingUsd;
  const breakEven = breakEvenSpeedup === null ? 'none' : `${breakEvenSpeedup.toFixed(2)}×`;
  return html`<header><p class="eyebrow">Stepdown assessment: ${assessment.lap ? 'projected from a quick lap' : 'projected, not measured'}</p>
<h1>${name} in INT8</h1>
<div class="headline inconclusive"><p><strong>Serving costs ${dollars(today.usdPerMonth)} a month today. INT8 is projected to save ${dollars(p10)} to ${dollars(p90)} of it (P10 to P90).</strong></p>
<div class="why">${assessment.notes.map((note) => html`<small>${note}</small><br>`)}</div></div>
<dl class="tiles">
<div><dt>Cost today, per month</dt><dd class="figure">${dollars(today.usdPerMonth)}</dd><dd>${fleet.instances} ${price.instance} at the peak, ${percent(today.utilization)} used; ${perThousand(today.usdPerThousandRequests)} per 1,000 requests</dd></div>
<div><dt>Saving per month, P50</dt><dd class="figure">${dollars(range.savingUsd.p50)}</dd><dd>${percent(returns.p50.savingFraction)}, projected</dd></div>
<div><dt>Payback, P50</dt><dd class="figure">${assessment.feeUsd === null ? 'no fee given' : days(returns.p50.paybackDays)}</dd><dd>projected</dd></div>
<div><dt>Break-even speed-up</dt><dd class="figure">${breakEven}</dd><dd>at which the first instance disappears</dd></div>
</dl></header>`;
}

function savings(assessment: Assessment): Html {
  const caption = 'Projected; the range of the speed-up carried through whole instances.';
  return html`<h2>What INT8 would save</h2>${savingsTable(caption, assessment)}`;
}

function grounds({ speedup, accuracyLossPoints, price, model, lap }: Assessment): Html {
  const basis = (range: SourcedRange) =>
    `${range.basis === 'measured' ? 'measured' : `${range.basis}, not measured`}: ${range.source}`;
  const span = (range: SourcedRange) => `${factor(range.lower)} to ${factor(range.upper)}`;
  const columns = [{ title: 'Ground' }, { title: 'Value' }, { title: 'Source' }];
  return html`<h2>What it rests on</h2>${table(
    lap ? 'The quick lap on your model; the price from the list.' : 'Results of other models, not of yours.',
    columns,
    [
      { cells: ['Speed-up over FP32', span(speedup), basis(speedup)] },
      {
        cells: ['Accuracy lost, points', span(accuracyLossPoints), basis(accuracyLossPoints)],
      },
      {
        cells: [
          `Price of ${price.instance}`,
          `$${price.onDemandUsdPerHour} an hour`,
          `${price.source}, ${price.date}, ${price.ageDays} days old`,
        ],
      },
      ...(lap
        ? [
            { cells: ['Noise of the host', lap.noise.map(factor).join(' to '), 'measured: FP32 against itself'] },
            { cells: ['Rows answered alike', percent(lap.agreement), 'measured'] },
            { cells: ['Size in INT8 over FP32', factor(lap.sizeRatio), 'measured'] },
          ]
        : []),
      ...(model ? [{ cells: ['Model', `${(model.sizeBytes / 1e6).toFixed(1)} MB`, 'the specification'] }] : []),
    ]
  )}`;
}

function sizes({ sizes: rows }: Assessment): Html | undefined {
  if (!rows) return undefined;
  const columns = [
    { title: 'Precision' },
    { title: 'Weights', isNumber: true },
    { title: 'With cache', isNumber: true },
    { title: 'Cheapest GPU instance that holds it' },
  ];
  return html`<h2>Size of the model</h2>${table(
    'Computed from its shape.',
    columns,
    rows.map(({ precision, weightBytes, totalBytes, instance }) => ({
      cells: [
        precision.toUpperCase(),
        `${weightBytes / 1e9} GB`,
        `${(totalBytes / 1e9).toFixed(1)} GB`,
        instance
          ? `${instance.instance} (${instance.gpuCount} × ${instance.gpu}), $${instance.onDemandUsdPerHour} an hour`
          : 'none of the list',
      ],
    }))
  )}`;
}

function assumptions({ assumptions: rows }: Assessment): Html {
  const columns = [{ title: 'Assumption' }, { title: 'Value' }, { title: 'Set with' }];
  return html`<h2>Assumptions</h2>${table(
    'Each can be set.',
    columns,
    rows.map(({ name, value, option, isGiven }) => ({
      cells: [name, value, html`<code>${option}</code>${isGiven && ' (given)'}`],
    }))
  )}`;
}

function weeks({ roadmap }: Assessment): Html {
  const columns = [{ title: 'Week' }, { title: 'Days' }, { title: 'Phase' }, { title: 'What it ends with' }];
  return html`<h2>Four weeks</h2>${table(
    'From the day of this assessment.',
    columns,
    roadmap.map(({ week, from, until, phase, outcome }) => ({
      cells: [week, `${from} to ${until}`, phase, outcome],
    }))
  )}`;
}
