import type { ClosingDocument } from '../domain/engagement.ts';
import { describeSensitivity, type Sensitivity } from '../domain/search/sensitivity.ts';
import { cite } from './evidence.ts';
import { count } from './format.ts';
import { type Html, html } from './html.ts';

const SHOWN = 16;
const LINE = 24;
const DECADES = 8; // below the largest error; what is smaller is drawn as nothing

/** Which parts of a candidate could not be quantized, as a picture, or why none were found; nothing where none was looked for. */
export function sensitivity(document: ClosingDocument): Html | undefined {
  const { sensitivity: found, sensitivityProblem: problem } = document;
  if (problem && !found)
    return html`<section aria-labelledby="sensitivity"><h2 id="sensitivity">Sensitive layers</h2>
<p>The search for what ${problem.candidate} must keep in FP32 could not be carried out: ${problem.reason}. What the other candidates came to stands.${cite(document, 'journal')}</p></section>`;
  if (!found) return undefined;
  const evaluated = found.evaluations.reduce((total, { rows }) => total + rows, 0);
  const whole = found.evaluations.reduce((total, { of }) => total + of, 0);
  return html`<section aria-labelledby="sensitivity"><h2 id="sensitivity">Sensitive layers</h2>
<p>${describeSensitivity(found)}.${cite(document, 'journal')}</p>
<figure><div class="wide">${chart(found, 1000)}</div><div class="narrow">${chart(found, 340)}</div>
<figcaption>How far the answers move when one group alone is quantized (squared distance from FP32's answers over their squared length, logarithmic), the ${Math.min(SHOWN, found.groups.length)} worst of ${found.groups.length} groups. Red: kept in FP32, because the margin does not hold without. The evaluations answered ${count(evaluated)} of ${count(whole)} rows: each stops as soon as a test that may be looked at after every row has its answer.</figcaption></figure></section>`;
}

function chart({ groups }: Sensitivity, width: number): Html {
  const shown = groups.slice(0, SHOWN);
  const names = Math.min(420, width * 0.55);
  const room = width - names - 90;
  const largest = Math.log10(Math.max(Number.MIN_VALUE, shown[0]?.error ?? 0));
  const share = (error: number) => (error > 0 ? Math.max(0, 1 - (largest - Math.log10(error)) / DECADES) : 0);
  const height = shown.length * LINE + 8;
  const spoken = shown.map(({ name, error, isKept }) => `${name}: ${error.toExponential(1)}${isKept ? ', kept' : ''}`);
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Error by group. ${spoken.join('; ')}">
${shown.map(({ name, error, isKept }, line) => {
  const y = line * LINE + 4;
  const length = Math.max(2, share(error) * room);
  return html`<text class="name" x="${(names - 8).toFixed(0)}" y="${y + 14}" text-anchor="end">${shortened(name, names)}</text>
<g class="${isKept ? 'failed' : 'inconclusive'}"><rect class="solid" x="${names.toFixed(0)}" y="${y}" width="${length.toFixed(1)}" height="${LINE - 8}" rx="2"/></g>
<text x="${(names + length + 6).toFixed(1)}" y="${y + 13}">${error.toExponential(1)}</text>`;
})}</svg>`;
}

/** The end of a node's path tells most. */
function shortened(name: string, room: number): string {
  const letters = Math.floor(room / 7.5);
  return name.length <= letters ? name : `…${name.slice(1 - letters)}`;
}
