import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { cost } from './cost.ts';
import { monitoring, rollback, trying } from './deployment-operation.ts';
import { evidenceList } from './evidence.ts';
import { expected } from './expected-figures.ts';
import { SCHEME_NAMES, trimmed } from './format.ts';
import { type Html, html } from './html.ts';
import { load } from './load.ts';
import { page } from './page.ts';
import { environment, terms, verification } from './provenance.ts';
import { noteOn } from './report.ts';
import { files, labels, runtime, signature } from './serving.ts';
import { waivers } from './summary.ts';
import { chip } from './tables.ts';

/** How to serve the chosen model, as a page of its own; `document` says what has become of it since. */
export function renderGuide(guide: DeploymentGuide, document: ClosingDocument): string {
  const shown = { ...document, evidence: guide.evidence };
  return page({
    title: `${guide.engagement}: deployment of ${guide.candidate} (Stepdown guide)`,
    note: noteOn(document),
    body: html`<header><p class="eyebrow">Stepdown deployment guide</p>
<h1>${guide.engagement}: serve ${guide.candidate} of ${guide.modelName} for ${guide.client}</h1>
${standing(guide, document)}
${waivers(document)}</header>
<main>
${files(guide)}
${runtime(guide)}
${signature(guide)}
${labels(guide)}
${expected(guide)}
${trying(guide)}
${rollback(guide)}
${monitoring(guide)}
${load(shown)}
${cost(shown)}
${environment({ ...shown, host: guide.host })}
${evidenceList(shown)}
${verification({ ...shown, report: `${guide.engagement}-deployment.html` })}
${terms(shown)}
</main>
<footer><p>Every figure is of this engagement’s evidence${document.cost ? '; only those under “Cost” are projected' : ', none is projected'}.</p></footer>`,
  });
}

/** Whether this is to be served at all, in one sentence. */
function standing(guide: DeploymentGuide, { rollout, phases, support }: ClosingDocument): Html {
  const subject = `${SCHEME_NAMES[guide.scheme]} (${guide.candidate})`;
  const gate = phases.findLast(({ name }) => name === 'optimization');
  const released = gate?.decision;
  const who = released && ` The optimization gate was ${released.outcome} by ${released.by}.`;
  const kept = support ?? rollout;
  const verdict = kept?.verdict ?? gate?.verdict ?? 'inconclusive';
  if (kept && verdict !== 'successful')
    return headline(
      verdict,
      html`Do not serve this as it stands: ${kept.reason}. The router’s last answer was ${trimmed(kept.finalWeight)} % of the traffic on ${subject}.${who}`
    );
  if (rollout)
    return headline(verdict, html`${subject} serves ${trimmed(rollout.finalWeight)} % of the traffic.${who}`);
  const next = guide.isRolledOut
    ? 'Its rollout has not ended: this guide is for what the router does not reach.'
    : `Package ${guide.package} ends here: bring it to production with this guide.`;
  const proof =
    verdict === 'successful' ? 'holds every requirement' : `does not hold every requirement (${gate?.reason})`;
  return headline(verdict, html`${subject} ${proof}. ${next}${who}`);
}

const headline = (verdict: ClosingDocument['verdict'], text: Html): Html =>
  html`<div class="headline ${verdict}">${chip(verdict)}
<p><strong>${text}</strong></p></div>`;
