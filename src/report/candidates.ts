import type { CandidateLine, ClosingDocument, SliceFigures } from '../domain/engagement.ts';
import { measureOf, titled } from '../domain/tasks.ts';
import { candidateChart, plottedLines } from './candidate-chart.ts';
import { allLines, chosenLine, hasScores, measuredOn, metricOf, schemeOf } from './chosen.ts';
import { cite } from './evidence.ts';
import { bytes, count, decimal, interval, percent, points, ratio, trimmed } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { shownMetric, termsOf } from './metric-terms.ts';
import { whyMissing } from './missing.ts';
import { absent, chip, reasonText, table } from './tables.ts';

export function candidates(document: ClosingDocument): Html {
  const lines = allLines(document);
  const title = html`<h2 id="candidates">Candidates</h2>`;
  if (lines.length === 0)
    return html`${title}<p>${absent(`No candidate was made: ${whyMissing(document, 'ptq')}`)}</p>`;
  return html`<section aria-labelledby="candidates">${title}
${lookedAt(document)}
${chart(document)}
${table(
  html`Every candidate that was made, with its verdict. ${titled(metricOf(document))} is measured on the selection data unless a row says otherwise; the speed-up is the median FP32 latency over the candidate's, both measured in turns.`,
  [
    { title: 'Candidate' },
    { title: 'Verdict', className: 'reason' },
    { title: 'Size', isNumber: true },
    { title: titled(metricOf(document)), isNumber: true },
    { title: 'Drop, points', isNumber: true },
    ...(hasScores(document) ? [] : [{ title: 'Macro F1', isNumber: true }]),
    { title: 'Speed-up', isNumber: true },
    { title: 'Integer', isNumber: true },
    { title: hasScores(document) ? 'Changed' : 'Flips', isNumber: true },
  ],
  lines.map((line) => ({ cells: cells(document, line), isChosen: line === chosenLine(document) }))
)}
${checks(document)}
${slices(document)}
${hardExamples(document)}
${regressions(document)}</section>`;
}

/** How many were chosen from, and on what: the more, the luckier the best of them. */
function lookedAt({ candidates, holdout, search }: ClosingDocument): Html {
  const looks = candidates.filter(({ accuracy }) => accuracy !== null).length;
  const once = holdout
    ? 'The hold-out was looked at once, by the chosen one, so that its verdict there owes nothing to the choice.'
    : 'The hold-out was not looked at.';
  return html`<p>${count(looks)} of ${count(candidates.length)} candidates were looked at on the selection data. ${once}${search?.ended && ` The search was cut off: ${search.ended}; the best so far went on.`}</p>`;
}

function cells(document: ClosingDocument, line: CandidateLine): Content[] {
  return [
    html`${line.id}${citeVerdict(document, line)}<small>${schemeOf(line)}, ${line.phase}${measuredOn(line)}</small>`,
    html`${chip(line.verdict)}${reasonText(line.reason)}`,
    html`${ratio(line.sizeRatio)}<small>${line.sizeBytes !== null && bytes(line.sizeBytes)}</small>`,
    shownMetric(document, line.accuracy),
    html`${points(line.accuracyDrop)}<small>${line.accuracyDropUpper !== null && `at most ${points(line.accuracyDropUpper)}`}</small>`,
    ...(hasScores(document) ? [] : [percent(line.macroF1)]),
    html`${ratio(line.speedup)}<small>${line.speedupInterval && interval(line.speedupInterval)}</small>${cite(document, `latency-${line.id}`)}`,
    percent(line.integerCoverage, 1),
    count(line.flips),
  ];
}

const citeVerdict = (document: ClosingDocument, line: CandidateLine): Html | undefined =>
  cite(document, line === document.holdout ? 'holdout' : `candidate-${line.id}`);

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
<figcaption>${titled(metricOf(document))} drop${measuredOn(plotted[0]!)} against speed-up: lower and further right is better. The mark is the measurement; the vertical line ends at ${bound} of the drop, the horizontal one spans the 95 % interval of the speed-up.${margin !== undefined && ` A candidate holds the margin when its vertical line ends below ${trimmed(margin)} points.`}${document.chosen !== null && ' A ring marks the chosen candidate.'}${missing.size > 0 && ` Not shown, because not measured: ${[...missing].join(', ')}.`}</figcaption></figure>`;
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
    html`${titled(metricOf(document))} by slice${measuredOn(line)}.${margin}${citeVerdict(document, line)}`,
    [...sliceColumns(line), { title: 'Verdict' }],
    line.slices.map((slice) => ({ cells: [...sliceCells(document, slice), chip(slice.verdict)] }))
  )}`;
}

const sliceColumns = ({ id }: CandidateLine) => [
  { title: 'Slice' },
  ...['Rows', 'FP32', id, 'Drop, points', 'Upper bound'].map((title) => ({ title, isNumber: true })),
];

function hardExamples(document: ClosingDocument): Html | undefined {
  const line = chosenLine(document);
  if (!line?.hardExamples) return undefined;
  return html`<h3>Hard examples of ${line.id}</h3>${table(
    html`${hasScores(document) ? tenthOf(line.hardExamples) : 'The tenth of the rows that FP32 was least sure of, of the longest texts or of the images with least contrast, and of the rarest classes'}${measuredOn(line)}; they decide nothing by themselves.${citeVerdict(document, line)}`,
    sliceColumns(line),
    line.hardExamples.map((slice) => ({ cells: sliceCells(document, slice) }))
  )}`;
}

/** Where rows have scores, the longest are the hard ones; of one length, those of least contrast. */
const tenthOf = ([hardest]: SliceFigures[]): string =>
  `The tenth of the rows ${hardest?.name.startsWith('contrast') ? 'of least contrast' : 'that are longest'}`;

function regressions(document: ClosingDocument): Html | undefined {
  const line = chosenLine(document);
  if (!line?.regressions || line.mcnemarP === undefined) return undefined;
  const title = html`<h3>Worst regressions of ${line.id}</h3>`;
  if (hasScores(document)) return scoreRegressions(document, line);
  const chance = html`Were losses and wins equally likely, a split at least this uneven would come with p = ${decimal(line.mcnemarP, 3)} (exact McNemar).`;
  if (line.regressions.length === 0)
    return html`${title}<p>No row that FP32 answered rightly is answered wrongly. ${chance}</p>`;
  return html`${title}${table(
    html`Rows that FP32 answered rightly and ${line.id} does not${measuredOn(line)}, those that FP32 was surest of first, at most ${line.regressions.length}. ${chance}${citeVerdict(document, line)}`,
    [
      { title: 'Row' },
      { title: 'Right, and FP32' },
      { title: line.id },
      { title: 'FP32’s margin, logits', isNumber: true },
    ],
    line.regressions.flatMap((row) =>
      'label' in row ? [{ cells: [row.id, row.label, row.candidate, decimal(row.baselineMargin, 2)] }] : []
    )
  )}`;
}

function scoreRegressions(document: ClosingDocument, line: CandidateLine): Html {
  const title = html`<h3>Worst regressions of ${line.id}</h3>`;
  const rows = line.regressions!.flatMap((row) => ('label' in row ? [] : [row]));
  const isEven = measureOf(document.quality ?? {}) !== 'fidelity'; // FP32's own score is the highest there is
  const chance =
    isEven &&
    html`Were lower and higher scores equally likely, a split at least this uneven would come with p = ${decimal(line.mcnemarP, 3)} (exact sign test).`;
  if (rows.length === 0) return html`${title}<p>No row scores lower than with FP32. ${chance}</p>`;
  return html`${title}${table(
    html`${termsOf(document)!.fell}${measuredOn(line)}, at most ${rows.length}. ${chance}${citeVerdict(document, line)}`,
    [{ title: 'Row' }, ...['FP32', line.id, 'Lost'].map((title) => ({ title, isNumber: true }))],
    rows.map(({ id, baseline, candidate, answers }) => ({
      cells: [
        id,
        html`${decimal(baseline, 4)}${answers && html`<small>${answers.baseline}</small>`}`,
        html`${decimal(candidate, 4)}${answers && html`<small>${answers.candidate}</small>`}`,
        decimal(baseline - candidate, 4),
      ],
    }))
  )}`;
}

function sliceCells(document: ClosingDocument, slice: SliceFigures): Content[] {
  return [
    slice.name,
    count(slice.rows),
    shownMetric(document, slice.accuracyBaseline),
    shownMetric(document, slice.accuracyCandidate),
    points(slice.accuracyBaseline - slice.accuracyCandidate),
    points(slice.dropUpper),
  ];
}
