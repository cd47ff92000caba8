import type { ClosingDocument, ModelFigures } from '../domain/engagement.ts';
import { nameOf, titled } from '../domain/tasks.ts';
import { hasScores, metricOf } from './chosen.ts';
import { cite } from './evidence.ts';
import { bytes, decimal, milliseconds, percent, points, ROLE_NAMES } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { shownMetric } from './metric-terms.ts';
import { whyMissing } from './missing.ts';
import { absent, table } from './tables.ts';

interface Line {
  name: string;
  of: (figures: ModelFigures) => number;
  show: (value: number) => string;
  /** Words for a smaller and for a larger value. */
  words: [string, string];
  isBetterWhenLarger: boolean;
  /** Shares change by points, everything else by percent. */
  isShare?: boolean;
}

const rate = (value: number): string => `${decimal(value, 1)} /s`;

const linesOf = (document: ClosingDocument): Line[] => [
  { name: 'Size', of: (f) => f.sizeBytes, show: bytes, words: ['smaller', 'larger'], isBetterWhenLarger: false },
  {
    name: titled(metricOf(document)),
    of: (f) => f.accuracy,
    show: (value) => shownMetric(document, value),
    words: ['lower', 'higher'],
    isBetterWhenLarger: true,
    isShare: true,
  },
  ...otherOf(document),
  ...(hasScores(document)
    ? []
    : [
        {
          name: 'Macro F1',
          of: (f: ModelFigures) => f.macroF1!,
          show: percent,
          words: ['lower', 'higher'] as [string, string],
          isBetterWhenLarger: true,
          isShare: true,
        },
      ]),
  {
    name: 'Latency p50',
    of: (f) => f.latency.p50Ms,
    show: milliseconds,
    words: ['faster', 'slower'],
    isBetterWhenLarger: false,
  },
  {
    name: 'Latency p95',
    of: (f) => f.latency.p95Ms,
    show: milliseconds,
    words: ['faster', 'slower'],
    isBetterWhenLarger: false,
  },
  {
    name: 'Latency p99',
    of: (f) => f.latency.p99Ms,
    show: milliseconds,
    words: ['faster', 'slower'],
    isBetterWhenLarger: false,
  },
  {
    name: 'Throughput',
    of: (f) => f.throughputPerSecond,
    show: rate,
    words: ['lower', 'higher'],
    isBetterWhenLarger: true,
  },
  { name: 'Peak memory', of: (f) => f.memoryBytes, show: bytes, words: ['less', 'more'], isBetterWhenLarger: false },
];

/** The task's other metric, which decides nothing. */
function otherOf({ baseline, optimized }: ClosingDocument): Line[] {
  const metric = (optimized ?? baseline)?.other?.metric;
  if (!metric) return [];
  return [
    {
      name: metric === 'cosine' ? 'Cosine to FP32' : titled(nameOf({ metric })),
      of: (figures) => figures.other?.value ?? Number.NaN,
      show: (value) => shownMetric({ quality: { metric } as ClosingDocument['quality'] }, value),
      words: ['lower', 'higher'],
      isBetterWhenLarger: true,
      isShare: true,
    },
  ];
}

export function comparison(document: ClosingDocument): Html {
  const { baseline, optimized, chosen } = document;
  const title = html`<h2 id="comparison">Before and after</h2>`;
  if (!baseline) return html`${title}<p>${absent(`FP32 was not measured: ${whyMissing(document, 'baseline')}`)}</p>`;
  const without = optimized
    ? ''
    : html`<p>${absent(`No optimized model is compared: ${whyMissing(document, 'optimization')}`)}</p>`;
  const isMixed = optimized !== null && optimized.role !== baseline.role;
  return html`<section aria-labelledby="comparison">${title}${without}
${table(
  html`${titled(metricOf(document))}${hasScores(document) ? '' : ' and macro F1'} on the ${ROLE_NAMES[baseline.role]}${isMixed && html` (FP32) and the ${ROLE_NAMES[optimized.role]} (${chosen})`}. Latency: single requests one at a time. Throughput: closed loop. Memory: peak of a fresh host, less that of an empty one.${cite(document, ...(baseline.role === 'holdout' ? ['holdout'] : []), 'verdict-baseline-1', 'baseline-predictions', ...(chosen ? [`latency-${chosen}`, `predictions-${chosen}`] : []))}`,
  [
    { title: 'Figure' },
    { title: 'FP32', isNumber: true },
    ...(optimized
      ? [
          { title: chosen ?? 'Optimized', isNumber: true },
          { title: 'Change', isNumber: true },
        ]
      : []),
  ],
  linesOf(document).map((line) => ({
    cells: [line.name, line.show(line.of(baseline)), ...(optimized ? after(line, baseline, optimized) : [])],
  }))
)}</section>`;
}

function after(line: Line, baseline: ModelFigures, optimized: ModelFigures): Content[] {
  return [line.show(line.of(optimized)), change(line, line.of(baseline), line.of(optimized))];
}

function change(line: Line, before: number, now: number): Content {
  const difference = now - before;
  const size = Math.abs(difference);
  const amount = line.isShare ? `${points(size)} points` : percent(size / before, 1);
  if (!/[1-9]/.test(amount)) return 'unchanged';
  const isBetter = difference > 0 === line.isBetterWhenLarger;
  return html`<span class="${isBetter ? 'better' : 'worse'}">${amount} ${line.words[difference > 0 ? 1 : 0]}</span>`;
}
