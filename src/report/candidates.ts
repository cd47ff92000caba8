import type { CandidateLine, ClosingDocument, SliceFigures } from '../domain/engagement.ts';
import { candidateChart, plottedLines } from './candidate-chart.ts';
import { allLines, chosenLine, measuredOn, schemeOf } from './chosen.ts';
import { bytes, count, interval, percent, points, ratio, trimmed } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { whyMissing } from './missing.ts';
import { absent, chip, reasonText, table } from './tables.ts';

export function candidates(document: ClosingDocument): Html {
  const lines = allLines(document);
  const title = html`<h2 id="candidates">Candidates</h2>`;
  if (lines.length === 0)
    return html`${title}<p>${absent(`No candidate was made: ${whyMissing(document, 'ptq')}`)}</p>`;
  return html`<section aria-labelledby="candidates">${title}
${chart(document)}
${table(
  html`Every candidate that was made, with its verdict. Accuracy is measured on the selection data unless a row says otherwise; the speed-up is the median FP32 latency over the candidate's, both measured in turns.`,
  [
    { title: 'Candidate' },
    { title: 'Verdict', className: 'reason' },
    { title: 'Size', isNumber: true },
    { title: 'Accuracy', isNumber: true },
    { title: 'Drop, points', isNumber: true },
    { title: 'Macro F1', isNumber: true },
    { title: 'Speed-up', isNumber: true },
    { title: 'Integer', isNumber: true },
    { title: 'Flips', isNumber: true },
  ],
  lines.map((line) => ({ cells: cells(line), isChosen: line === chosenLine(document) }))
)}
${checks(document)}
${slices(document)}</section>`;
}

function cells(line: CandidateLine): Content[] {
  return [
    html`${line.id}<small>${schemeOf(line)}, ${line.phase}${measuredOn(line)}</small>`,
    html`${chip(line.verdict)}${reasonText(line.reason)}`,
    html`${ratio(line.sizeRatio)}<small>${line.sizeBytes !== null && bytes(line.sizeBytes)}</small>`,
    percent(line.accuracy),
    html`${points(line.accuracyDrop)}<small>${line.accuracyDropUpper !== null && `at most ${points(line.accuracyDropUpper)}`}</small>`,
    percent(line.macroF1),
    html`${ratio(line.speedup)}<small>${line.speedupInterval && interval(line.speedupInterval)}</small>`,
    percent(line.integerCoverage, 1),
    count(line.flips),
  ];
}

function chart(document: ClosingDocument): Html | undefined {
  const plotted = plottedLines(document);
  if (plotted.length === 0) return undefined;
  const shown = new Set(plotted.map((line) => line.id));
  const missing = new Set(document.candidates.map((line) => line.id).filter((id) => !shown.has(id)));
  const margin = document.quality?.marginPoints;
  const bound = document.quality
    ? `the ${trimmed(document.quality.confidence * 100)} % upper bound`
    : 'the upper bound';
  return html`<figure>
<div class="wide">${candidateChart(document, 1000)}</div><div class="narrow">${candidateChart(document, 340)}</div>
<figcaption>Accuracy drop${measuredOn(plotted[0]!)} against speed-up: lower and further right is better. The mark is the measurement; the vertical line ends at ${bound} of the drop, the horizontal one spans the 95 % interval of the speed-up.${margin !== undefined && ` A candidate holds the margin when its vertical line ends below ${trimmed(margin)} points.`}${document.chosen !== null && ' A ring marks the chosen candidate.'}${missing.size > 0 && ` Not shown, because not measured: ${[...missing].join(', ')}.`}</figcaption></figure>`;
}

function checks(document: ClosingDocument): Html | undefined {
  const checked = allLines(document).filter((line) => line.checks.length > 0);
  if (checked.length === 0) return undefined;
  return html`<h3>Checks behind the verdicts</h3>
${checked.map(
  (line) => html`<details><summary>${line.id}, ${line.phase} ${chip(line.verdict)}</summary>
<ul class="checks">${line.checks.map((check) => html`<li>${chip(check.verdict)} <strong>${check.name}</strong>: ${check.reason}</li>`)}</ul></details>
`
)}`;
}

function slices(document: ClosingDocument): Html | undefined {
  const line = chosenLine(document);
  if (!line) return undefined;
  const title = html`<h3>Slices of ${line.id}</h3>`;
  if (line.slices.length === 0)
    return html`${title}<p>${absent('The specification names no slices, or none was measured.')}</p>`;
  const margin = document.quality && ` The margin of a slice is ${trimmed(document.quality.sliceMarginPoints)} points.`;
  return html`${title}${table(
    html`Accuracy by slice${measuredOn(line)}.${margin}`,
    [
      { title: 'Slice' },
      { title: 'Rows', isNumber: true },
      { title: 'FP32', isNumber: true },
      { title: line.id, isNumber: true },
      { title: 'Drop, points', isNumber: true },
      { title: 'Upper bound', isNumber: true },
      { title: 'Verdict' },
    ],
    line.slices.map((slice) => ({ cells: sliceCells(slice) }))
  )}`;
}

function sliceCells(slice: SliceFigures): Content[] {
  return [
    slice.name,
    count(slice.rows),
    percent(slice.accuracyBaseline),
    percent(slice.accuracyCandidate),
    points(slice.accuracyBaseline - slice.accuracyCandidate),
    points(slice.dropUpper),
    chip(slice.verdict),
  ];
}
