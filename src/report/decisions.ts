import { type Decision, secondOf } from '../domain/decision.ts';
import { type ClosingDocument, PHASES, type Phase } from '../domain/engagement.ts';
import type { Verdict } from '../domain/verdict.ts';
import { cite } from './evidence.ts';
import { instant } from './format.ts';
import { type Content, type Html, html } from './html.ts';
import { whyNotReached } from './missing.ts';
import { absent, chip, reasonText, table, time } from './tables.ts';

export function decisions(document: ClosingDocument): Html {
  const row = ({ name, attempt, verdict, reason, decision }: ClosingDocument['phases'][number]) => ({
    cells: [
      html`${name}${cite(document, `verdict-${name}-${attempt}`)}${attempt > 1 && html`<small>run ${attempt}</small>`}`,
      gate(verdict, reason),
      ...decided(decision, document.soFar),
    ],
  });
  const rowsOf = (...names: Phase[]) => document.phases.filter(({ name }) => names.includes(name)).map(row);
  const shown = new Set(document.phases.map(({ decision }) => decision && keyOf(decision)));
  const withoutPhase = (why: string, made: Decision[]) =>
    made
      .filter((decision) => !shown.has(keyOf(decision)))
      .map((decision) => ({ cells: [decision.gate, absent(why), ...decided(decision)] }));
  const proposed = withoutPhase(
    'proposal: see the training',
    document.training?.decision ? [document.training.decision] : []
  );
  const stages = withoutPhase('stage gate: see the rollout', document.rollout?.decisions ?? []);
  const missing = PHASES.flatMap((phase) => {
    const why = whyNotReached(document, phase);
    return why ? [{ cells: [phase, absent(why), '', '', ''] }] : [];
  });
  return html`<section aria-labelledby="decisions"><h2 id="decisions">Phases and decisions</h2>
${table(
  'What the measurements said at each gate, and what a person decided.',
  [
    { title: 'Gate' },
    { title: 'Measured', className: 'reason' },
    { title: 'Decision' },
    { title: 'By' },
    { title: 'Comment', className: 'reason' },
  ],
  [
    ...rowsOf('baseline', 'ptq'),
    ...proposed,
    ...rowsOf('optimization', 'rollout'),
    ...stages,
    ...rowsOf('support'),
    ...missing,
  ]
)}</section>`;
}

/** The rollout's own gate is among the decisions of its stages. */
const keyOf = ({ gate, at }: Decision): string => `${gate} ${at}`;

const gate = (verdict: Verdict, reason: string): Html => html`${chip(verdict)}${reasonText(reason)}`;

function decided(decision: Decision | null, soFar = false): Content[] {
  if (!decision) return [absent(soFar ? 'none so far' : 'none: the phase ended without a decision'), '', ''];
  const { outcome, by, at, comment, changes } = decision;
  const second = secondOf(decision);
  const shown = outcome === 'waived' ? html`<span class="chip waived">⚠ waived</span>` : outcome;
  const agreed = second?.at && time(second.at, instant(second.at));
  const also = second && html`<small>and ${second.by}</small>${agreed && html`<small>${agreed}</small>`}`;
  const added = second?.comment && html`<small>${second.by}: ${second.comment}</small>`;
  const changed = changes && html`<small>changed: <code>${JSON.stringify(changes)}</code></small>`;
  return [shown, html`${by}<small>${time(at, instant(at))}</small>${also}`, html`${comment}${changed}${added}`];
}
