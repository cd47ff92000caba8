import type { ClosingDocument } from '../domain/engagement.ts';
import { candidates } from './candidates.ts';
import { comparison } from './comparison.ts';
import { decisions } from './decisions.ts';
import { instant } from './format.ts';
import { html } from './html.ts';
import { environment, terms, verification } from './provenance.ts';
import { rollout } from './rollout.ts';
import { STYLES } from './styles.ts';
import { summary } from './summary.ts';

/** One HTML file that asks nothing of any network; every figure in it is the document's. */
export function renderReport(document: ClosingDocument): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="stepdown">
<title>${document.engagement}: ${document.verdict} (Stepdown report)</title>
<style>${STYLES}</style></head><body>
${summary(document)}
<main>
${comparison(document)}
${candidates(document)}
${decisions(document)}
${rollout(document)}
${environment(document)}
${verification(document)}
${terms(document)}
</main>
<footer><p>Closed ${instant(document.endedAt)}. Figures come from the closing document of engagement ${document.engagement}; none is projected.</p></footer>
</body></html>
`.text;
}
