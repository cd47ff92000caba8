import type { CandidateLine, ClosingDocument } from '../domain/engagement.ts';
import { titled } from '../domain/tasks.ts';
import { chosenLine, measuredOn, metricOf, schemeOf } from './chosen.ts';
import { cite } from './evidence.ts';
import { bytes, instant, interval, percent, points, ratio, SCHEME_NAMES, span, trimmed } from './format.ts';
import { type Html, html, plainText } from './html.ts';
import { termsOf } from './metric-terms.ts';
import { chip, reasonText, time } from './tables.ts';

export function summary(document: ClosingDocument): Html {
  const line = chosenLine(document);
  return html`<header>
<p class="eyebrow">Stepdown closing report</p>
<h1>${document.engagement}: ${document.modelName} for ${document.client}</h1>
<dl class="facts">
<div><dt>Package</dt><dd>${document.package}</dd></div>
<div><dt>Began</dt><dd>${time(document.startedAt, instant(document.startedAt))}</dd></div>
<div><dt>Closed</dt><dd>${time(document.endedAt, instant(document.endedAt))}</dd></div>
<div><dt>Took</dt><dd>${span(Date.parse(document.endedAt) - Date.parse(document.startedAt))}</dd></div>
</dl>
<div class="headline ${document.verdict}">${chip(document.verdict)}
<p><strong>${headline(document, line)}</strong></p>
<div class="why">${reasonText(document.reason)}</div></div>
${waivers(document)}
${line && tiles(document, line)}
</header>`;
}

/** The report's first sentence as plain text. */
export const headlineOf = (document: ClosingDocument): string => plainText(headline(document, chosenLine(document)));

/** One sentence with the outcome; every figure in it was measured. */
function headline(document: ClosingDocument, line: CandidateLine | undefined): Html {
  const { rollout, support, verdict } = document;
  if (!line) return html`No candidate was chosen; ${document.modelName} stays in FP32.`;
  const subject = `${schemeOf(line)} (${line.id})`;
  const figures = [
    line.sizeRatio !== null && html`is ${ratio(line.sizeRatio)} the size of FP32`,
    line.speedup !== null &&
      html`runs at ${ratio(line.speedup)} its speed (95 % interval ${interval(line.speedupInterval)})`,
    line.accuracyDrop !== null && drop(document, line),
    rollout !== null &&
      verdict === 'successful' &&
      html`serves ${trimmed((support ?? rollout).finalWeight)} % of the traffic`,
  ].filter((figure) => figure !== false);
  if (figures.length === 0) return html`${subject} was chosen, but has no measurement.`;
  return html`${subject} ${joined(figures)}.${rolledBack(document)}`;
}

function drop(document: ClosingDocument, line: CandidateLine): Html {
  const margin = document.quality && html`, margin ${trimmed(document.quality.marginPoints)}`;
  const change = line.accuracyDrop! < 0 ? 'gains' : 'loses';
  return html`${change} ${points(Math.abs(line.accuracyDrop!))} points of ${metricOf(document)}${measuredOn(line)} (upper bound of the drop ${points(line.accuracyDropUpper)}${margin})`;
}

function rolledBack({ rollout, support, verdict }: ClosingDocument): Html | string {
  if (!rollout || verdict === 'successful') return '';
  const last = `the router's last answer was ${trimmed((support ?? rollout).finalWeight)} % of the traffic`;
  const state = support && support.finalWeight === 0 ? 'It was released and taken out again' : 'It is not released';
  return html` ${state}: ${last}.`;
}

function joined(parts: Html[]): Html {
  return parts.reduce((made, part, i) => html`${made}${i === parts.length - 1 ? ' and ' : ', '}${part}`);
}

export function waivers({ waivers: given }: ClosingDocument): Html | undefined {
  if (given.length === 0) return undefined;
  const title = given.length === 1 ? 'One requirement was waived' : `${given.length} requirements were waived`;
  return html`<section class="waivers" aria-label="Waivers"><h2>⚠ ${title}: not proven, accepted by a person</h2>
<ul>${given.map(({ gate, by, comment, second }) => html`<li>Gate <strong>${gate}</strong>, waived by <strong>${by}</strong>: “${comment}”${second && html`, and by <strong>${second.by}</strong>: “${second.comment}”`}</li>`)}</ul></section>`;
}

function tiles(document: ClosingDocument, line: CandidateLine): Html {
  const { baseline, optimized, quality } = document;
  const verdict = cite(document, line === document.holdout ? 'holdout' : `candidate-${line.id}`);
  const bound = quality ? `${trimmed(quality.confidence * 100)} % upper bound` : 'upper bound';
  const margin = quality ? `; margin ${trimmed(quality.marginPoints)}` : '';
  const sizes =
    baseline && optimized ? `${bytes(baseline.sizeBytes)} to ${bytes(optimized.sizeBytes)}` : SCHEME_NAMES[line.scheme];
  return html`<dl class="tiles">
<div><dt>Size, of FP32${verdict}</dt><dd class="figure">${percent(line.sizeRatio, 1)}</dd><dd>${sizes}</dd></div>
<div><dt>Speed-up, single request${cite(document, `latency-${line.id}`)}</dt><dd class="figure">${ratio(line.speedup)}</dd><dd>95 % interval ${interval(line.speedupInterval)}; FP32 against itself ${interval(line.noiseInterval)}</dd></div>
<div><dt>${titled(metricOf(document))} drop, points${verdict}</dt><dd class="figure">${points(line.accuracyDrop)}</dd><dd>${bound} ${points(line.accuracyDropUpper)}${margin}</dd></div>
<div><dt>Answers that changed${verdict}</dt><dd class="figure">${line.flips ?? 'not measured'}</dd><dd>${termsOf(document)?.changedShort ?? 'rows with another top class than FP32'}</dd></div>
</dl>`;
}
