import type { DeploymentGuide } from '../domain/deployment/guide.ts';
import type { Monitored } from '../domain/deployment/monitoring.ts';
import type { RecordedAnswer, RecordedOutputs } from '../domain/deployment/serving.ts';
import { cite } from './evidence.ts';
import { SHOW } from './expected-figures.ts';
import { count, decimal, span } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { table } from './tables.ts';

/** How to see that a server has the right file and uses it as it was judged. */
export function trying(guide: DeploymentGuide): Html {
  const { files, serving, modelName, candidate } = guide;
  const { smoke } = serving;
  return html`<section aria-labelledby="same"><h2 id="same">Is it the same?</h2>
<h3>The files</h3>
<pre><code>sha256sum -c &lt;&lt;'END'
${files.map(({ name, file }) => `${file.sha256}  ${name}\n`)}END</code></pre>
<h3>The answer</h3>
<p>Row <code>${smoke.rowId}</code> of the selection data, as a request of the Open Inference Protocol v2:</p>
${
  smoke.body !== null &&
  html`<pre><code>cat > request.json &lt;&lt;'END'
${smoke.body}
END</code></pre>`
}
<pre><code>curl -s -H 'content-type: application/json' -d @request.json http://SERVER/v2/models/${modelName}/infer</code></pre>
${answers(guide, [
  [candidate, smoke.candidate, `predictions-${candidate}`],
  ['FP32', smoke.baseline, 'baseline-predictions'],
])}
<p>One answer shows that the file is loaded and its tensors are in order; what it is worth the labelled requests under <a href="#monitoring">monitoring</a> show.</p></section>`;
}

const AGAIN = { title: 'Given again', isNumber: true };

function answers(guide: DeploymentGuide, given: [string, RecordedAnswer, string][]): Html {
  const isClass = given.every(([, answer]) => 'label' in answer);
  const hasScore = given.every(([, { score }]) => score !== undefined);
  const cells = (answer: RecordedAnswer): Content[] =>
    'label' in answer
      ? [html`${answer.top1}: <code>${answer.label}</code>`, decimal(answer.score, 4)]
      : [answer.outputs.map(beginning), ...(hasScore ? [decimal(answer.score, 4)] : [])];
  return table(
    isClass
      ? 'The answers recorded when accuracy was measured. The largest logit must name this class; its softmax is the score. Last, how closely the file gave the score again when this guide was written; another instruction set may move it further, the class must stay.'
      : `How the outputs begin${hasScore ? ', and the score that they came to' : ''}. Last, how closely the file gave the outputs again when this guide was written, as a share of their mean magnitude; another instruction set may move them further.`,
    [
      { title: 'Served file' },
      { title: isClass ? 'Class' : 'Outputs' },
      ...(hasScore ? [{ title: 'Score', isNumber: true }] : []),
      AGAIN,
    ],
    given.map(([name, answer, evidence]) => ({
      cells: [
        html`${name}${cite(guide, evidence, 'file-request')}`,
        ...cells(answer),
        answer.repeatedWithin === 0 ? 'exactly' : `within ${answer.repeatedWithin.toPrecision(2)}`,
      ],
    }))
  );
}

const beginning = ({ name, shape, begins }: RecordedOutputs['outputs'][number]): Html =>
  html`<div><code>${name}</code> [${shape.join(', ')}]: <code>${begins.map((value) => value.toPrecision(5)).join(', ')}, …</code></div>`;

export function rollback(guide: DeploymentGuide): Html {
  const { engagement, files, isRolledOut } = guide;
  const fallback = files.find(({ role }) => role === 'fallback')!;
  return html`<section aria-labelledby="rollback"><h2 id="rollback">Rolling back</h2>
${
  isRolledOut &&
  html`<p>Behind Stepdown’s gateway FP32 runs beside the candidate until the support window ends, and this takes all traffic to it at once:</p>
<pre><code>npx stepdown rollout rollback ${engagement} --by YOUR-ADDRESS
npx stepdown support rollback ${engagement} --by YOUR-ADDRESS --comment "…"   # after the last stage</code></pre>`
}
<p>${isRolledOut ? 'Elsewhere, and after the window: load' : 'Keep FP32 where the servers can load it. To go back, load'} <code>${fallback.name}</code> in place of the model${guide.serving.fallback ? ', with its own inputs and outputs' : '; what it takes and gives is the same'}. Its SHA-256 must be</p>
<pre><code>${fallback.file.sha256}</code></pre>
<p>and the request above must get FP32’s answer.${cite(guide, 'file-fallback')}</p></section>`;
}

export function monitoring({ monitoring: watched }: DeploymentGuide): Html {
  return html`<section aria-labelledby="monitoring"><h2 id="monitoring">Monitoring</h2>
${table(
  'Thresholds of the specification, as they stood at the optimization gate.',
  [
    { title: 'Watch', className: 'reason' },
    { title: 'Threshold', isNumber: true },
    { title: 'From' },
    { title: 'Beyond it', className: 'reason' },
  ],
  watched.map((figure) => ({
    cells: [
      html`${figure.name}<small><code>${figure.measure}</code></small>`,
      limit(figure),
      figure.from,
      figure.beyond,
    ],
  }))
)}</section>`;
}

function limit({ is, unit, limit }: Monitored): string {
  if (unit === 'duration') return `${is} ${span(limit)}`;
  return `${is} ${unit === 'count' ? count(limit) : SHOW[unit](limit)}`;
}
