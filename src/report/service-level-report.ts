import type { ClosingDocument } from '../domain/engagement.ts';
import { targetsOf } from '../domain/service-level.ts';
import { cite, evidenceList } from './evidence.ts';
import { instant, span, trimmed } from './format.ts';
import { html } from './html.ts';
import { page } from './page.ts';
import { noteOn } from './report.ts';
import { serviceLevel } from './service-level.ts';
import { waivers } from './summary.ts';

const DAY_MS = 86_400_000;

/** Why there is no service level report of an engagement; undefined where there is one. */
export function whyNoServiceLevel({ package: bought, support, serving }: ClosingDocument): string | undefined {
  if (!targetsOf(bought)) return `package ${bought} has no service targets`;
  if (!support) return 'its support window has not ended; its weekly reports have the service so far';
  return support.service && serving ? undefined : 'its support window was kept before the service was recorded';
}

/** Targets against what the router recorded over the whole support window; see `whyNoServiceLevel` first. */
export function renderServiceLevel(document: ClosingDocument): string {
  const { engagement, modelName, client, support, serving, trips } = document;
  const { days, daysPlanned, startedAt, endedAt, dayMs } = support!;
  const day = dayMs < DAY_MS && ` A day lasted ${span(dayMs)} here, as suits a demonstration.`;
  return page({
    title: `${engagement}: service level (Stepdown report)`,
    note: noteOn(document),
    body: html`<header><p class="eyebrow">Stepdown service level report</p>
<h1>${engagement}: ${modelName} for ${client}</h1>
<p>${instant(startedAt)} to ${instant(endedAt)}: ${trimmed(days)} of ${trimmed(daysPlanned)} days.${day}</p>
${waivers(document)}</header>
<main>
${serviceLevel({ ...support!, service: support!.service!, trips: trips ?? [] }, targetsOf(document.package)!, serving!, cite(document, 'verdict-support-1'))}
${evidenceList(document)}
</main>
<footer><p>Every figure is of this engagement’s evidence, none is projected.</p></footer>`,
  });
}
