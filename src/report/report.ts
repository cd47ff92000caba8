import type { ClosingDocument } from '../domain/engagement.ts';
import { candidates } from './candidates.ts';
import { comparison } from './comparison.ts';
import { cost } from './cost.ts';
import { decisions } from './decisions.ts';
import { evidenceList } from './evidence.ts';
import { instant } from './format.ts';
import { html } from './html.ts';
import { load } from './load.ts';
import { page } from './page.ts';
import { environment, terms, verification } from './provenance.ts';
import { rollout } from './rollout.ts';
import { sensitivity } from './sensitivity.ts';
import { summary } from './summary.ts';
import { support } from './support.ts';
import { training } from './training.ts';

/** One HTML file that asks nothing of any network; every figure in it is the document's. */
export function renderReport(document: ClosingDocument): string {
  return page({
    title: `${document.engagement}: ${document.verdict} (Stepdown report)`,
    note: noteOn(document),
    body: html`${summary(document)}
<main>
${comparison(document)}
${load(document)}
${cost(document)}
${candidates(document)}
${sensitivity(document)}
${training(document)}
${decisions(document)}
${rollout(document)}
${support(document)}
${environment(document)}
${evidenceList(document)}
${verification(document)}
${terms(document)}
</main>
<footer><p>Closed ${instant(document.endedAt)}. Figures come from the closing document of engagement ${document.engagement}; ${document.cost ? 'only those under “Cost” are projected' : 'none is projected'}.</p></footer>`,
  });
}

/** What nobody may overlook, on every printed page; undefined where there is nothing of the kind. */
export function noteOn({ waivers, cost: money }: ClosingDocument): string | undefined {
  const waived = waivers.length === 1 ? '⚠ 1 requirement was waived' : `⚠ ${waivers.length} requirements were waived`;
  const notes = [...(waivers.length > 0 ? [waived] : []), ...(money ? ['cost is projected'] : [])];
  return notes.length > 0 ? notes.join('; ') : undefined;
}
