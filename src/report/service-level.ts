import { type Served, type ServiceTargets, serviceChecks } from '../domain/service-level.ts';
import { describeTimeToZero, slowest, type TimeToZero } from '../domain/time-to-zero.ts';
import { combine } from '../domain/verdict.ts';
import { count } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { chip, table } from './tables.ts';

type Level = Parameters<typeof serviceChecks>[2];

/** So far, or of the whole window. */
export function serviceLevel(served: Served, targets: ServiceTargets, level: Level, evidence?: Content): Html {
  const checks = serviceChecks(served, targets, level);
  const { looks, candidateReady } = served.service;
  const worst = slowest(served.trips);
  return html`<section aria-labelledby="service"><h2 id="service">Service level</h2>
<p>${chip(combine(checks))}${evidence}</p>
${table(
  'The service is up at a look when the router answers in time and FP32, which answers whatever the candidate does not, is ready.',
  [{ title: 'Target' }, { title: 'Verdict' }, { title: 'Recorded', className: 'reason' }],
  checks.map(({ name, verdict, reason }) => ({ cells: [name, chip(verdict), reason] }))
)}
<p>The candidate was ready at ${count(candidateReady)} of ${count(looks)} looks. ${worst ? takenOut(served.trips.length, worst) : 'It was never taken out of the traffic.'}</p></section>`;
}

const takenOut = (times: number, worst: TimeToZero): string =>
  times === 1
    ? `It was taken out of the traffic once: ${describeTimeToZero(worst)}.`
    : `It was taken out of the traffic ${count(times)} times; the slowest took ${describeTimeToZero(worst)}.`;
