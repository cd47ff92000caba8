import type { ClosingDocument } from '../domain/engagement.ts';
import { pairedDropInterval } from '../domain/statistics/eprocess.ts';
import { describeTimeToZero } from '../domain/time-to-zero.ts';
import type { ArmTimes, EvidenceLine, StageResult } from '../domain/traffic.ts';
import { quantilesText } from '../domain/waiting.ts';
import { cite } from './evidence.ts';
import { count, decimal, interval, points, span, trimmed, weight } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { whyMissing } from './missing.ts';
import { rampChart } from './ramp-chart.ts';
import { absent, chip, table } from './tables.ts';

/** Of the intervals that the report shows beside the tests. */
const ALPHA = 0.05;

export const TESTS: [EvidenceLine['name'], string][] = [
  ['disagreement-alarm', 'Alarm: disagreement'],
  ['labelled-worse', 'Alarm: labelled worse'],
  ['error-rate', 'Alarm: errors'],
  ['unpaired-worse', 'Alarm: unpaired worse'],
  ['slower', 'Alarm: slower'],
  ['sample-ratio', 'Alarm: split'],
  ['twin-estimated-drop', 'Alarm: estimated drop'],
  ['disagreement-certificate', 'Proof: agreement'],
  ['labelled-noninferior', 'Proof: labels'],
];

export function rollout(document: ClosingDocument): Html {
  const title = html`<h2 id="rollout">Rollout</h2>`;
  const result = document.rollout;
  if (!result)
    return html`<section aria-labelledby="rollout">${title}<p>${absent(`No traffic was moved: ${whyMissing(document, 'rollout')}`)}</p></section>`;
  return html`<section aria-labelledby="rollout">${title}
<p>${chip(result.verdict)} ${result.reason}. The router's last answer: ${trimmed(result.finalWeight)} % of the traffic on the candidate.${result.toZero && ` That took ${describeTimeToZero(result.toZero)}.`}${cite(document, 'verdict-rollout-1')}</p>
${holds(document)}
${result.stages.length === 0 ? html`<p>${absent(`No stage was run: ${result.reason}`)}</p>` : stages(result.stages)}</section>`;
}

function holds({ holds: given }: ClosingDocument): Html {
  if (!given) return html`<p>${absent('The time limits of the stages were not recorded.')}</p>`;
  const { minimumMs, maximumMs } = given;
  return html`<p>A stage held for at least ${span(minimumMs)} and at most ${span(maximumMs)}, as set in the specification.${minimumMs < 60_000 && ' Holds of seconds suit a demonstration; production traffic needs minutes to hours, so that slow faults can show.'}</p>`;
}

function stages(results: StageResult[]): Html {
  const made = new Set(results.flatMap(({ evidence }) => evidence.map(({ name }) => name)));
  const tests = TESTS.filter(([name]) => made.has(name));
  return html`<figure><div class="wide">${rampChart(results, 1000)}</div><div class="narrow">${rampChart(results, 340)}</div>
<figcaption>The candidate's share of client traffic, stage by stage, with the pairs observed. In the shadow stage clients get FP32's answers only.</figcaption></figure>
${table(
  'Pairs and answers are those of the stage. The tests judge everything since the shadow stage began: these counts are marked as so far. The drop of accuracy lies between its bounds at all times together with a chance of 95 %.',
  [
    { title: 'Stage' },
    { title: 'Verdict', className: 'reason' },
    { title: 'Pairs', isNumber: true },
    { title: 'Served by candidate', isNumber: true },
    { title: 'Pairs so far', isNumber: true },
    { title: 'Disagreed so far', isNumber: true },
    { title: 'Labels so far: worse / better / same', isNumber: true },
    { title: 'Errors so far', isNumber: true },
    { title: 'Held', isNumber: true },
  ],
  results.map((stage) => ({ cells: stageCells(stage) }))
)}
${table(
  'How long clients waited in each stage. A p95 lies between its bounds at all times together with a chance of 95 %. A client of the candidate whom FP32 had to answer waited for the candidate.',
  [{ title: 'Stage' }, { title: 'FP32', className: 'reason' }, { title: 'Candidate', className: 'reason' }],
  results.map(({ weight: share, times }) => ({
    cells: [weight(share), waited(times, 'twin'), waited(times, 'candidate')],
  }))
)}
<h3>Evidence at the end of each stage</h3>
${table(
  html`Natural logarithm of each test's e-value, and the bound it must reach. An alarm that reaches its bound rolls back; a proof that reaches its bound allows promotion. Below: the pairs, labels, requests or units that it rests on, and how many more it would need at these rates.`,
  [{ title: 'Stage' }, ...tests.map(([, test]) => ({ title: test }))],
  results.map((stage) => ({ cells: [weight(stage.weight), ...tests.map(([name]) => evidence(stage, name))] }))
)}`;
}

function stageCells(stage: StageResult): Content[] {
  const { pairs, plus, minus, zero, disagreements, candidateErrors, floor } = stage.counts;
  return [
    weight(stage.weight),
    html`${chip(stage.verdict)}<small>${stage.reason}</small>`,
    count(stage.observations),
    count(stage.servedByCandidate),
    count(pairs),
    floor
      ? html`${count(disagreements)}<small>FP32 from itself: ${count(floor.disagreements)} of ${count(floor.pairs)}</small>`
      : count(disagreements),
    html`${count(plus)} / ${count(minus)} / ${count(zero)}${drop(stage)}`,
    count(candidateErrors),
    span(Date.parse(stage.endedAt) - Date.parse(stage.startedAt)),
  ];
}

/** With the bounds of the p95, as far as so few answers tell them. */
function waited(times: ArmTimes | undefined, arm: 'twin' | 'candidate'): Content {
  const time = times?.[arm];
  if (!time) return absent(quantilesText(times, arm));
  const { lowMs, highMs, n } = time;
  const within = highMs === null ? `above ${decimal(lowMs, 2)}` : interval([lowMs, highMs]);
  return html`${quantilesText(times, arm)}<small>p95 ${within}, on ${count(n)} answers</small>`;
}

/** Where the drop of accuracy lies, by the labels so far; however often one looked. */
function drop({ counts }: StageResult): Content {
  if (counts.plus + counts.minus + counts.zero === 0) return '';
  const [low, high] = pairedDropInterval(counts, ALPHA);
  return html`<small>drop ${points(low)} to ${points(high)} points</small>`;
}

function evidence(stage: StageResult, name: EvidenceLine['name']): Html {
  const line = stage.evidence.find((candidate) => candidate.name === name);
  if (!line) return absent('not evaluated');
  const isReached = line.lnE >= line.bound;
  const { seen, expectedMore } = line;
  const outlook = isReached ? `reached: ${line.action}` : 'not reached';
  const more = !isReached && expectedMore != null && `, ${count(expectedMore)} more expected`;
  return html`${meter(line)}${decimal(line.lnE, 2)} of ${decimal(line.bound, 2)}<small>${outlook}${seen !== undefined && `, on ${count(seen)}`}${more}</small>`;
}

/** The bound is the tick; the bar stops a quarter beyond it however strong the evidence is. */
function meter({ lnE, bound, action }: EvidenceLine): Html {
  const [width, tick] = [80, 64];
  const filled = Math.min(Math.max((lnE / bound) * tick, 0), width);
  const kind = lnE < bound ? '' : action === 'rollback' ? 'failed' : 'successful';
  return html`<svg class="meter" viewBox="0 0 ${width} 12" width="${width}" height="12" aria-hidden="true"><rect class="track" y="3" width="${width}" height="6" rx="3"/><g class="${kind}"><rect class="${kind ? 'solid' : 'bar'}" y="3" width="${filled.toFixed(1)}" height="6" rx="3"/></g><line class="bound" x1="${tick}" x2="${tick}" y1="0" y2="12"/></svg>`;
}
