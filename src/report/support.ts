import type { ClosingDocument } from '../domain/engagement.ts';
import { type Proposal, whyProposed } from '../domain/reoptimization.ts';
import { targetsOf } from '../domain/service-level.ts';
import type { Spec } from '../domain/spec.ts';
import { describeWeek, GUARDS, type Guard, type Incident, type Week } from '../domain/support.ts';
import { cite } from './evidence.ts';
import { count, decimal, instant, percent, span, trimmed } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { whyMissing } from './missing.ts';
import { page } from './page.ts';
import { serviceLevel } from './service-level.ts';
import { absent, chip, table } from './tables.ts';

const DAY_MS = 86_400_000;

const NAMES: Record<Guard, string> = {
  'labelled-worse': 'Labelled worse',
  disagreement: 'Disagreement',
  'error-rate': 'Errors',
};

export function support(document: ClosingDocument): Html {
  const title = html`<h2 id="support">Support window</h2>`;
  const result = document.support;
  if (!result)
    return html`<section aria-labelledby="support">${title}<p>${absent(`No window was kept: ${whyMissing(document, 'support')}`)}</p></section>`;
  const { verdict, reason, days, daysPlanned, dayMs, sample, weeks, incidents, finalWeight, proposal } = result;
  return html`<section aria-labelledby="support">${title}
<p>${chip(verdict)} ${reason}. The router's last answer: ${trimmed(finalWeight)} % of the traffic on the candidate.${cite(document, 'verdict-support-1')}</p>
<p>${trimmed(days)} of ${trimmed(daysPlanned)} days; ${percent(sample)} of the requests ran on both arms.${dayMs < DAY_MS && ` A day lasted ${span(dayMs)} here, as suits a demonstration.`}</p>
${weekTable(weeks)}
${incidentTable(incidents)}
${proposal && proposed(proposal)}</section>`;
}

function proposed(proposal: Proposal): Html {
  const { engagement, day, at, reason, specification } = proposal;
  return html`<p><strong>Another engagement is proposed.</strong> ${whyProposed(proposal)}, so on day ${trimmed(day)} (${instant(at)}) ${engagement} was proposed; its specification is ${specification}. ${reason}. Nothing was started: a person decides.</p>`;
}

/** One week as a page of its own. */
export function renderWeek(spec: Spec, week: Week, incidents: Incident[]): string {
  return page({
    title: `${spec.engagement}: support report ${week.number}`,
    body: html`<main><section><h1>${spec.model.name}: support report ${week.number}</h1>
<ul>${describeWeek(week).map((line) => html`<li>${line}</li>`)}</ul>
${weekTable([week])}
${serviceSoFar(spec, week, incidents)}
${incidentTable(incidents)}</section></main>
<footer><p>Written ${instant(week.endedAt)} for engagement ${spec.engagement}.</p></footer>`,
  });
}

/** Where the package promises something of the service. */
function serviceSoFar({ package: bought, serving }: Spec, { service, endedAt }: Week, incidents: Incident[]): Content {
  const targets = targetsOf(bought);
  return targets && service ? serviceLevel({ service, incidents, endedAt }, targets, serving) : '';
}

function weekTable(weeks: Week[]): Html {
  return table(
    'Compared requests of each report’s days. A detector that reaches 100 % of its bound raises an alarm; drift is reported and decides nothing.',
    [
      { title: 'Report' },
      { title: 'Days' },
      { title: 'Pairs', isNumber: true },
      { title: 'Disagreed', isNumber: true },
      { title: 'Labels: worse / better / same', isNumber: true },
      { title: 'Errors', isNumber: true },
      ...GUARDS.map((guard) => ({ title: NAMES[guard], isNumber: true })),
      { title: 'Drift: Jensen-Shannon bits (n)', className: 'reason' },
    ],
    weeks.map((week) => ({ cells: weekCells(week) }))
  );
}

function weekCells({ number, days, counts, evidence, drift }: Week): Content[] {
  const { pairs, disagreements, plus, minus, zero, candidateErrors } = counts;
  return [
    String(number),
    `${trimmed(days[0])} to ${trimmed(days[1])}`,
    count(pairs),
    count(disagreements),
    `${count(plus)} / ${count(minus)} / ${count(zero)}`,
    count(candidateErrors),
    ...GUARDS.map((guard) => percent(evidence[guard])),
    drift.length === 0
      ? absent('no class was recorded')
      : html`${drift.map(({ what, jensenShannon, psi, n }) => html`<small>${what}: ${decimal(jensenShannon, 3)}, PSI ${decimal(psi, 3)} (${count(n[0])} and ${count(n[1])})</small>`)}`,
  ];
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
    incidents.map(({ number, kind, day, openedAt, reason, acknowledged }) => ({
      cells: [
        `${number}: ${kind}`,
        String(day),
        html`${reason}<small>${instant(openedAt)}</small>`,
        acknowledged
          ? html`${acknowledged.comment}<small>${acknowledged.by}, ${instant(acknowledged.at)}</small>`
          : absent('not acknowledged'),
      ],
    }))
  );
}
