import type { ClosingDocument } from '../domain/engagement.ts';
import type { ServingCost, SideCost } from '../domain/serving-cost.ts';
import { cite } from './evidence.ts';
import { decimal } from './format.ts';
import { type Html, html } from './html.ts';
import { dollars, percent, perThousand } from './money.ts';
import { savingsTable } from './savings.ts';
import { absent, table } from './tables.ts';

/** The measured rates in money; nothing where the specification says nothing of traffic and prices. */
export function cost(document: ClosingDocument): Html | undefined {
  const { cost: found, chosen } = document;
  if (!found) return undefined;
  const { price, baseline, optimized, notes } = found;
  const columns = [
    { title: 'Model' },
    { title: 'A replica sustains', isNumber: true },
    { title: 'In the busiest hour', isNumber: true },
    { title: 'Used', isNumber: true },
    { title: 'Per 1,000 requests', isNumber: true },
    { title: 'A month', isNumber: true },
  ];
  return html`<section aria-labelledby="cost"><h2 id="cost">Cost</h2>
${table(
  html`<strong>Projected</strong> from the rates measured under load. ${price.instance} (${price.provider}, ${price.region}) at $${price.onDemandUsdPerHour} an hour on demand: ${price.source}, ${price.date}, ${price.ageDays} days old at kick-off. Whole replicas and instances; a month has 730 hours.${cite(document, 'load-baseline', 'load-chosen', 'journal')}`,
  columns,
  [
    { cells: line('FP32', baseline, price.instance) },
    ...(optimized ? [{ cells: line(chosen ?? 'Optimized', optimized, price.instance) }] : []),
  ]
)}
${savings(found)}
<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></section>`;
}

function line(name: string, { rate, fleet, month }: SideCost, instance: string): (string | Html)[] {
  return [
    name,
    `${decimal(rate.lower, 1)} /s`,
    `${fleet.replicas} ${fleet.replicas === 1 ? 'replica' : 'replicas'} on ${fleet.instances} ${instance}`,
    percent(month.utilization),
    perThousand(month.usdPerThousandRequests),
    dollars(month.usdPerMonth),
  ];
}

function savings({ range, returns, feeUsd, breakEvenSpeedup }: ServingCost): Html | undefined {
  if (!range || !returns) return undefined;
  const breakEven =
    breakEvenSpeedup === null
      ? absent('no speed-up removes an instance: the fleet is at its minimum')
      : `the first instance disappears at ${breakEvenSpeedup.toFixed(2)} times the rate of FP32`;
  return savingsTable(
    html`Projected; the interval of either rate, from the largest that held to the smallest that did not, carried through whole instances. Break-even: ${breakEven}.`,
    { range, returns, feeUsd }
  );
}
