import type { ClosingDocument } from '../domain/engagement.ts';
import { describeEstimate, describeTraining } from '../domain/training.ts';
import { count, decimal, instant, percent, span } from './format.ts';
import { type Html, html } from './html.ts';
import { table } from './tables.ts';

/** Quantization-aware training: what was proposed, who decided, what it came to and cost; nothing where it was not. */
export function training({ training: found }: ClosingDocument): Html | undefined {
  if (!found) return undefined;
  const { estimate, decision, record } = found;
  return html`<section aria-labelledby="training"><h2 id="training">Quantization-aware training</h2>
<p>No post-training candidate held every requirement. ${capital(describeTraining(found))}.</p>
${estimate && html`<p>Proposed at ${describeEstimate(estimate)}.${decision && html` ${capital(decision.outcome)} by ${decision.by} on ${instant(decision.at)}.`}${record && html` It took ${span(record.durationMs)}.`}</p>`}
${
  record &&
  table(
    html`Selection rows under the exporter's rounding, while it was trained on ${count(record.trainRows)} rows; the weights of step ${record.bestStep} were kept.`,
    ['Step', 'Accuracy', 'Cross-entropy'].map((title) => ({ title, isNumber: true })),
    record.curve.map(({ step, accuracy, loss }) => ({
      cells: [count(step), percent(accuracy), decimal(loss, 4)],
      isChosen: step === record.bestStep,
    }))
  )
}</section>`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
