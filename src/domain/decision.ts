import type { BarChart } from './bar-chart.ts';
import { canonicalJson } from './canonical-json.ts';
import { isStageGate, phaseGate } from './ids.ts';
import type { Recipe } from './recipe.ts';
import type { QualitySpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

export const OUTCOMES = ['approved', 'rejected', 'revise', 'waived'] as const;
/** A person's outcome, or `expired` when nobody decided in time. */
export type Outcome = (typeof OUTCOMES)[number];

export interface Changes {
  /** Thresholds for the phase's next run and what comes after it. */
  quality?: Partial<QualitySpec>;
  /** Tried in the PTQ phase beside the package's schemes. */
  recipes?: Recipe[];
  /** The ids that go on; without it every successful candidate does. */
  candidates?: string[];
}

/** Where each has an effect. */
const TAKEN: Record<keyof Changes, { gates: string[]; outcomes: Outcome[] }> = {
  quality: { gates: ['baseline', 'ptq', 'optimization', 'closing'], outcomes: ['revise'] },
  recipes: { gates: ['baseline', 'ptq'], outcomes: ['revise'] },
  candidates: { gates: ['ptq'], outcomes: ['approved', 'waived'] },
};

export const takesChange = (what: keyof Changes, gate: string, outcome: Outcome): boolean =>
  TAKEN[what].gates.includes(gate) && TAKEN[what].outcomes.includes(outcome);

/** How a decision came in; `enteredBy` is who was signed in where that is another person than the one who decides. */
export interface Provenance {
  via?: 'cli' | 'api' | 'mail link';
  enteredBy?: string;
}

export interface Decision extends Provenance {
  gate: string;
  outcome: Outcome | 'expired';
  by: string;
  comment: string;
  at: string;
  changes?: Changes;
  /** The second pair of eyes, where the spec asks for it; the gate was decided when they agreed. */
  second?: Agreement;
  /** All that older decisions kept of it; `at` is then when they agreed. */
  secondBy?: string;
  evidenceSha256: string;
}

interface Agreement extends Provenance {
  by: string;
  comment?: string;
  at?: string;
}

export const secondOf = ({ second, secondBy }: Decision): Agreement | undefined =>
  second ?? (secondBy === undefined ? undefined : { by: secondBy });

/** What a second person is asked to agree with. */
export function describeFirst({ by, outcome, comment, changes }: Decision): string {
  const said = [outcome, ...(comment ? [`“${comment}”`] : []), ...(changes ? [JSON.stringify(changes)] : [])];
  return `${by} has decided (${said.join(', ')}); a second person is needed`;
}

/** What a person sends; the gate adds the time. */
export interface DecisionInput extends Provenance {
  gate: string;
  outcome: Outcome;
  by: string;
  comment?: string;
  changes?: Changes;
  /** The evidence that the person looked at; a decision on other evidence is refused. */
  evidenceSha256?: string;
}

/** An open gate as people see it. */
export interface GateRequest {
  engagement: string;
  client: string;
  modelName: string;
  package: string;
  gate: string;
  attempt: number;
  verdict: Verdict;
  /** Markdown: what was measured, what approving means. */
  summary: string;
  /** Of its figures, for messages. */
  chart?: BarChart | undefined;
  evidenceSha256: string;
  approvers: { name: string; email: string }[];
  needsTwo: boolean;
  remindAfterMs: number;
  expireAfterMs: number;
}

export interface GateStatus extends GateRequest {
  workflowId: string;
  openedAt: string;
  dueAt: string;
  remindersSent: number;
  /** Set once the first of two approvers has decided. */
  first?: Decision;
  decision?: Decision;
}

/** Returns why the decision cannot be accepted and what to do instead, or undefined when it can. */
export function refuseDecision(gate: GateStatus, input: DecisionInput): string | undefined {
  const { by, outcome, comment } = input;
  if (gate.decision)
    return `gate '${gate.gate}' was already decided: ${gate.decision.outcome} by ${gate.decision.by} at ${gate.decision.at}`;
  if (input.gate !== gate.gate) return `gate '${gate.gate}' is open, not '${input.gate}'`;
  if (!OUTCOMES.includes(outcome)) return `outcome '${outcome}' is not one of ${OUTCOMES.join(', ')}`;
  if (!by?.trim()) return 'by is required: who decides?';
  const person = approverOf(gate, by);
  if (!person)
    return `'${by}' is not an approver of this engagement; the approvers are ${gate.approvers.map((person) => person.email).join(', ')}`;
  if (input.evidenceSha256 && input.evidenceSha256 !== gate.evidenceSha256)
    return 'the evidence has changed since it was looked at; open the gate again and decide on what it shows now';
  if (outcome !== 'approved' && !comment?.trim()) return `'${outcome}' needs a comment that says why`;
  if (outcome === 'approved' && gate.verdict !== 'successful')
    return `the quality gate is '${gate.verdict}', so it cannot be approved; waive it with a reason, revise or reject`;
  if (gate.first?.enteredBy && gate.first.enteredBy === input.enteredBy)
    return `${input.enteredBy} has entered the first decision; the second person must sign in themselves`;
  if (gate.first?.by === person.email) return `'${by}' has decided already; a second person is needed`;
  return refuseChanges(input) ?? refuseRepetition(gate, input) ?? (gate.first && refuseSecond(gate.first, input));
}

/** What is measured is known by what it was measured on: without changes a phase would come to the same again. */
function refuseRepetition({ gate, verdict }: GateStatus, { outcome, changes }: DecisionInput): string | undefined {
  if (outcome !== 'revise' || verdict === 'error' || gate === phaseGate('support')) return undefined; // those may differ
  if (isStageGate(gate) && afterStageGate(outcome, verdict) === 'ask again')
    return `'revise' changes nothing at gate '${gate}': approve it to go on, or reject it`;
  const taken = (Object.keys(TAKEN) as (keyof Changes)[]).filter((what) => takesChange(what, gate, outcome));
  if (taken.length === 0 || taken.some((what) => Object.keys(changes?.[what] ?? {}).length > 0)) return undefined;
  return `'revise' without changes would measure the same again: change ${taken.join(' or ')} (docs/approving.md), waive it or reject it`;
}

/**
 * What a rollout does after the gate of a stage. A revision runs a phase again: an inconclusive stage is held again, and
 * before a stage nothing has run yet that could.
 */
export function afterStageGate(
  outcome: Decision['outcome'],
  verdict: Verdict
): 'go on' | 'hold again' | 'ask again' | 'come down' {
  if (outcome === 'approved' || outcome === 'waived') return 'go on';
  if (outcome !== 'revise') return 'come down';
  return verdict === 'successful' ? 'ask again' : 'hold again';
}

/** Whether a person can decide so, with a comment and without changes. */
export const mayDecide = (gate: GateStatus, outcome: Outcome, by: string): boolean =>
  refuseDecision(gate, { gate: gate.gate, outcome, by, comment: outcome }) === undefined;

/** Two people agree on one thing; the second may leave the changes to the first, or end the wait otherwise. */
function refuseSecond(first: Decision, { outcome, changes }: DecisionInput): string | undefined {
  if (outcome === 'rejected' || outcome === 'revise') return undefined;
  const otherwise = 'decide the same, or reject or revise';
  if (outcome !== first.outcome) return `${first.by} has decided '${first.outcome}', not '${outcome}'; ${otherwise}`;
  if (!changes || canonicalJson(changes) === canonicalJson(first.changes ?? {})) return undefined;
  return `${first.by} has decided ${first.changes ? `with ${JSON.stringify(first.changes)}` : 'without changes'}; ${otherwise}`;
}

/** Changes that would do nothing where they are made. */
function refuseChanges({ gate, outcome, changes }: DecisionInput): string | undefined {
  for (const what of Object.keys(changes ?? {})) {
    if (!Object.hasOwn(TAKEN, what)) return `changes: '${what}' is not one of ${Object.keys(TAKEN).join(', ')}`;
    const { gates, outcomes } = TAKEN[what as keyof Changes];
    if (!takesChange(what as keyof Changes, gate, outcome))
      return `changes: ${what} does nothing with '${outcome}' at gate '${gate}', only with ${outcomes.join(' or ')} at ${gates.join(', ')}; leave it out`;
  }
  return undefined;
}

/** The approver that a name or a mail address means. */
export function approverOf({ approvers }: GateStatus, by: string): GateRequest['approvers'][number] | undefined {
  return approvers.find(({ name, email }) => email === by || name === by);
}
