import type { ClosingDocument } from '../domain/engagement.ts';
import { type Proposal, whyProposed } from '../domain/reoptimization.ts';
import { targetsOf } from '../domain/service-level.ts';
import type { Spec } from '../domain/spec.ts';
import type { Drift } from '../domain/statistics/drift.ts';
import { describeWeek, GUARDS, type Guard, type Incident, shareOfBound, type Week } from '../domain/support.ts';
import { describeTimeToZero } from '../domain/time-to-zero.ts';
import { waitingText } from '../domain/waiting.ts';
import { cite } from './evidence.ts';
import { count, decimal, instant, percent, span, trimmed } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { whyMissing } from './missing.ts';
import { page } from './page.ts';
import { serviceLevel } from './service-level.ts';
import { absent, chip, table } from './tables.ts';

const DAY_MS = 86_400_000;

const NAMES: Record<Guard, string> = {
  'labelled-worse': 'Detector: labelled worse',
  disagreement: 'Detector: disagreement',
  'error-rate': 'Detector: errors',
};

export function support(document: ClosingDocument): Html {
  const title = html`<h2 id="support">Support window</h2>`;
  const result = document.support;
  if (!result)
    return html`<section aria-labelledby="support">${title}<p>${absent(`No window was kept: ${whyMissing(document, 'support')}`)}</p></section>`;
  const { verdict, reason, days, daysPlanned, dayMs, sample, weeks, incidents, finalWeight, service, proposal } =
    result;
  return html`<section aria-labelledby="support">${title}
<p>${chip(verdict)} ${reason}. The router's last answer: ${trimmed(finalWeight)} % of the traffic on the candidate.${cite(document, 'verdict-support-1')}</p>
<p>${trimmed(days)} of ${trimmed(daysPlanned)} days; ${percent(sample)} of the requests ran on both arms.${dayMs < DAY_MS && ` A day lasted ${span(dayMs)} here, as suits a demonstration.`}</p>
${service?.times && html`<p>Clients waited, since the window began: ${waitingText(service.times)}.</p>`}
${weekTable(weeks)}
${driftTable(weeks)}
${incidentTable(incidents)}
${proposal && proposed(proposal)}</section>`;
}

function proposed(proposal: Proposal): Html {
  const { engagement, day, at, reason, specification } = proposal;
  return html`<p><strong>Another engagement is proposed.</strong> ${whyProposed(proposal)}, so on day ${trimmed(day)} (${instant(at)}) ${engagement} was proposed (${reason}); its specification is ${specification}. Nothing was started: a person decides.</p>`;
}

/** One week as a page of its own. */
export function renderWeek(spec: Spec, week: Week, incidents: Incident[]): string {
  return page({
    title: `${spec.engagement}: support report ${week.number}`,
    body: html`<main><section><h1>${spec.model.name}: support report ${week.number}</h1>
<ul>${describeWeek(week).map((line) => html`<li>${line}</li>`)}</ul>
${weekTable([week])}
${driftTable([week])}
${serviceSoFar(spec, week, incidents)}
${incidentTable(incidents)}</section></main>
<footer><p>Written ${instant(week.endedAt)} for engagement ${spec.engagement}.</p></footer>`,
  });
}

/** Where the package promises something of the service. */
function serviceSoFar({ package: bought, serving }: Spec, { service, endedAt }: Week, incidents: Incident[]): Content {
  const targets = targetsOf(bought);
  const trips = incidents.flatMap(({ toZero }) => toZero ?? []);
  return targets && service ? serviceLevel({ service, incidents, endedAt, trips }, targets, serving) : '';
}

function weekTable(weeks: Week[]): Html {
  return table(
    'Compared requests of each report’s days. A detector that reaches 100 % of its bound raises an alarm.',
    [
      { title: 'Report' },
      { title: 'Days' },
      { title: 'Pairs', isNumber: true },
      { title: 'Disagreed', isNumber: true },
      { title: 'Labels: worse / better / same', isNumber: true },
      { title: 'Errors', isNumber: true },
      ...GUARDS.map((guard) => ({ title: NAMES[guard], isNumber: true })),
    ],
    weeks.map((week) => ({ cells: weekCells(week) }))
  );
}

function weekCells({ number, days, counts, evidence }: Week): Content[] {
  const { pairs, disagreements, plus, minus, zero, candidateErrors } = counts;
  return [
    String(number),
    `${trimmed(days[0])} to ${trimmed(days[1])}`,
    count(pairs),
    count(disagreements),
    `${count(plus)} / ${count(minus)} / ${count(zero)}`,
    count(candidateErrors),
    ...GUARDS.map((guard) => shareOfBound(evidence[guard])),
  ];
}

/** A column for each comparison, a row for each report. */
function driftTable(weeks: Week[]): Html {
  const compared = [...new Set(weeks.flatMap(({ drift }) => drift.map(({ what }) => what)))];
  if (compared.length === 0) return html`<p>${absent('Drift: no class was recorded.')}</p>`;
  const cell = (found: Drift | undefined) =>
    found
      ? html`PSI ${decimal(found.psi, 3)}<small>${decimal(found.jensenShannon, 3)} bits; ${count(found.n[0])} and ${count(found.n[1])} rows</small>`
      : absent('not recorded');
  return table(
    'Drift since the window began: population stability index, Jensen-Shannon divergence in bits, and the rows of either side. It decides nothing; a large one proposes another engagement.',
    [{ title: 'Report' }, ...compared.map((title) => ({ title }))],
    weeks.map(({ number, drift }) => ({
      cells: [String(number), ...compared.map((what) => cell(drift.find((found) => found.what === what)))],
    }))
  );
}

function incidentTable(incidents: Incident[]): Html {
  if (incidents.length === 0) return html`<p>No incident.</p>`;
  return table(
    'Incidents, with who looked at them.',
    [
      { title: 'Incident' },
      { title: 'Day', isNumber: true },
      { title: 'What', className: 'reason' },
      { title: 'Acknowledged', className: 'reason' },
    ],
    incidents.map(({ number, kind, day, openedAt, reason, acknowledged, toZero }) => ({
      cells: [
        `${number}: ${kind}`,
        String(day),
        html`${reason}<small>${instant(openedAt)}</small>${toZero && html`<small>Taken out: ${describeTimeToZero(toZero)}</small>`}`,
        acknowledged
          ? html`${acknowledged.comment}<small>${acknowledged.by}, ${instant(acknowledged.at)}</small>`
          : absent('not acknowledged'),
      ],
    }))
  );
}
