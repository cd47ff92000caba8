import { type ServiceRecord, type ServiceTargets, serviceChecks } from '../domain/service-level.ts';
import type { Incident } from '../domain/support.ts';
import { combine } from '../domain/verdict.ts';
import { count } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { chip, table } from './tables.ts';

interface Served {
  service: ServiceRecord;
  incidents: Incident[];
  endedAt: string;
}

type Level = Parameters<typeof serviceChecks>[2];

/** So far, or of the whole window. */
export function serviceLevel(served: Served, targets: ServiceTargets, level: Level, evidence?: Content): Html {
  const checks = serviceChecks(served, targets, level);
  const { looks, candidateReady } = served.service;
  return html`<section aria-labelledby="service"><h2 id="service">Service level</h2>
<p>${chip(combine(checks))}${evidence}</p>
${table(
  'The service is up at a look when the router answers in time and FP32, which answers whatever the candidate does not, is ready.',
  [{ title: 'Target' }, { title: 'Verdict' }, { title: 'Recorded', className: 'reason' }],
  checks.map(({ name, verdict, reason }) => ({ cells: [name, chip(verdict), reason] }))
)}
<p>The candidate was ready at ${count(candidateReady)} of ${count(looks)} looks.</p></section>`;
}
