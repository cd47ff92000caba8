import type { BarChart } from './bar-chart.ts';
import type { Recipe } from './recipe.ts';
import type { QualitySpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

export const OUTCOMES = ['approved', 'rejected', 'revise', 'waived'] as const;
/** A person's outcome, or `expired` when nobody decided in time. */
export type Outcome = (typeof OUTCOMES)[number];

/** What `revise` may change before the phase runs again. */
export interface Changes {
  quality?: Partial<QualitySpec>;
  recipes?: Recipe[];
  /** At the PTQ gate: the ids that go on; without it every successful candidate does. */
  candidates?: string[];
}

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
  /** The second pair of eyes, where the spec asks for it. */
  secondBy?: string;
  evidenceSha256: string;
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
  return undefined;
}

/** The approver that a name or a mail address means. */
export function approverOf({ approvers }: GateStatus, by: string): GateRequest['approvers'][number] | undefined {
  return approvers.find(({ name, email }) => email === by || name === by);
}
