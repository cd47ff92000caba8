import type { ClosingDocument, Phase } from '../domain/engagement.ts';
import { candidates } from './candidates.ts';
import { comparison } from './comparison.ts';
import { cost } from './cost.ts';
import { decisions } from './decisions.ts';
import { cite, evidenceList } from './evidence.ts';
import { instant } from './format.ts';
import { type Html, html } from './html.ts';
import { load } from './load.ts';
import { page } from './page.ts';
import { environment, terms } from './provenance.ts';
import { noteOn } from './report.ts';
import { rollout } from './rollout.ts';
import { sensitivity } from './sensitivity.ts';
import { waivers } from './summary.ts';
import { support } from './support.ts';
import { absent, chip, table } from './tables.ts';
import { training } from './training.ts';

type Section = (document: ClosingDocument) => Html | undefined;

/** What each phase found; the rest of the document is of other phases. */
const SECTIONS: Record<Phase, Section[]> = {
  baseline: [comparison, load, cost],
  ptq: [candidates, sensitivity, training],
  optimization: [comparison, candidates, sensitivity, training, load, cost],
  rollout: [rollout],
  support: [support],
};

/** One phase as a page of its own: its requirements one by one, its figures, what was decided. */
export function renderPhase(document: ClosingDocument, phase: Phase): string {
  const runs = document.phases.filter(({ name }) => name === phase);
  const last = runs.at(-1);
  return page({
    title: `${document.engagement}: phase ${phase}${last ? `, ${last.verdict}` : ''} (Stepdown report)`,
    note: noteOn(document),
    body: html`<header><p class="eyebrow">Stepdown phase report</p>
<h1>${document.engagement}: ${phase} of ${document.modelName}</h1>
${waivers(document)}</header>
<main>
${runs.length === 0 && html`<p>${absent(`Phase ${phase} has no verdict so far.`)}</p>`}
${runs.map((run) => requirements(document, run))}
${SECTIONS[phase].map((section) => section(document))}
${decisions(document)}
${environment(document)}
${evidenceList(document)}
${terms(document)}
</main>
<footer><p>As of ${instant(document.endedAt)}.</p></footer>`,
  });
}

function requirements(document: ClosingDocument, run: ClosingDocument['phases'][number]): Html {
  const { name, attempt, verdict, reason, checks = [] } = run;
  return html`<section><h2>Requirements${attempt > 1 && `, run ${attempt}`}</h2>
<p>${chip(verdict)} ${reason}${cite(document, `verdict-${name}-${attempt}`)}</p>
${
  checks.length > 0 &&
  table(
    'Each is computed from the measurements; the phase is successful when all are.',
    [{ title: 'Requirement' }, { title: 'Verdict' }, { title: 'Why', className: 'reason' }],
    checks.map((check) => ({ cells: [check.name, chip(check.verdict), check.reason] }))
  )
}</section>`;
}
