import type { BarChart } from '../domain/bar-chart.ts';
import type { GateStatus } from '../domain/decision.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import type { Proposal } from '../domain/reoptimization.ts';
import type { Spec } from '../domain/spec.ts';
import type { Week } from '../domain/support.ts';
import { closed } from './messages/closed.ts';
import { expired, waiting } from './messages/gate.ts';
import { type BudgetUsed, budgetUsed } from './messages/portfolio.ts';
import { type IncidentOpened, incidentOpened, proposed, type SupportMail, weekEnded } from './messages/support.ts';
import { type RolloutTripped, tripped } from './messages/trip.ts';

export interface Recipient {
  name: string;
  email: string;
}

/** Of the specification. */
export type ServiceLevel = Pick<Spec['serving'], 'sloPercentile' | 'sloMs'>;

/** Something that people must hear of; equal inputs are the same mail. */
export type NotifyInput =
  | { kind: 'gate-opened' | 'gate-reminder' | 'gate-expired'; gate: GateStatus }
  | RolloutTripped
  | IncidentOpened
  | (SupportMail & { kind: 'support-week'; week: Week; page: string })
  | (SupportMail & { kind: 'reoptimization-proposed'; proposal: Proposal })
  | BudgetUsed
  | { kind: 'engagement-closed'; document: ClosingDocument; to: Recipient[] };

/** What is told, before it takes the form of a channel. */
export interface Message {
  engagement: string;
  to: Recipient[];
  subject: string;
  /** Markdown. */
  text: string;
  /** Purpose and command line. */
  commands: [string, string][];
  /** Of the dashboard's page. */
  path: string;
  charts?: BarChart[];
}

export function messageOf(input: NotifyInput): Message {
  if (input.kind === 'rollout-tripped') return tripped(input);
  if (input.kind === 'support-incident') return incidentOpened(input);
  if (input.kind === 'support-week') return weekEnded(input);
  if (input.kind === 'reoptimization-proposed') return proposed(input);
  if (input.kind === 'portfolio-budget-used') return budgetUsed(input);
  if (input.kind === 'engagement-closed') return closed(input.document, input.to);
  if (input.kind === 'gate-expired') return expired(input.gate);
  return waiting(input.gate, input.kind === 'gate-reminder');
}

/** Whether its commands leave the address open. */
export const needsAddress = ({ commands }: Message): boolean =>
  commands.some(([, command]) => command.includes('YOUR-ADDRESS'));
