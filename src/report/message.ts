import type { BarChart } from '../domain/bar-chart.ts';
import { comparisonChart, weekChart } from '../domain/charts.ts';
import { describeFirst, type GateStatus } from '../domain/decision.ts';
import type { ClosingDocument } from '../domain/engagement.ts';
import { type Proposal, whyProposed } from '../domain/reoptimization.ts';
import { describeWeek, type Incident, type Week } from '../domain/support.ts';
import { chosenLine } from './chosen.ts';
import { bytes, instant, interval, points, ratio, trimmed, weight } from './format.ts';
import { type BudgetUsed, budgetUsed } from './portfolio-message.ts';
import { headlineOf } from './summary.ts';

export interface Recipient {
  name: string;
  email: string;
}

interface RolloutTripped {
  kind: 'rollout-tripped';
  engagement: string;
  modelName: string;
  /** Percent of client traffic; 0 is the shadow stage. */
  stage: number;
  reason: string;
  /** Percent of the traffic on the candidate that the router answered afterwards. */
  confirmedWeight: number;
  to: Recipient[];
}

interface SupportMail {
  engagement: string;
  modelName: string;
  to: Recipient[];
}

/** Something that people must hear of; equal inputs are the same mail. */
export type NotifyInput =
  | { kind: 'gate-opened' | 'gate-reminder' | 'gate-expired'; gate: GateStatus }
  | RolloutTripped
  | (SupportMail & { kind: 'support-incident'; incident: Incident })
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
  chart?: BarChart | undefined;
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

const pathOf = (engagement: string): string => `/engagements/${encodeURIComponent(engagement)}`;

function waiting(gate: GateStatus, isReminder: boolean): Message {
  const { engagement, modelName, client, needsTwo, summary, dueAt, openedAt, verdict, evidenceSha256 } = gate;
  const reminder = `Reminder ${gate.remindersSent}: nobody has decided since ${instant(openedAt)}.\n\n`;
  const first = gate.first ? `${describeFirst(gate.first)}.\n\n` : '';
  const text = `${isReminder ? reminder : ''}Engagement **${engagement}** (${modelName} for ${client}) waits at gate **${gate.gate}** for ${needsTwo ? 'two different approvers' : 'an approver'}. It expires on ${instant(dueAt)}.

${first}Quality gate: **${verdict}**

${summary}

Evidence: \`sha256 ${evidenceSha256}\``;
  const subject = `${isReminder ? `Reminder ${gate.remindersSent}` : 'Decision needed'}: ${engagement}, gate ${gate.gate} (${verdict})`;
  return {
    engagement,
    to: gate.approvers,
    subject,
    text,
    commands: commandsOf(gate),
    path: `${pathOf(engagement)}/gates/${encodeURIComponent(gate.gate)}`,
    chart: gate.chart,
  };
}

/** What may be run now; a gate that did not prove its case cannot be approved, only waived. */
function commandsOf(gate: GateStatus): [string, string][] {
  const by = gate.approvers.length === 1 ? shellWord(gate.approvers[0]!.email) : 'YOUR-ADDRESS';
  const target = `${shellWord(gate.engagement)} --gate ${shellWord(gate.gate)} --by ${by}`;
  const accept: [string, string] =
    gate.verdict === 'successful'
      ? ['Approve', `npx stepdown approve ${target} --comment "…"`]
      : ['Waive, with the reason', `npx stepdown decide ${target} --outcome waived --comment "…"`];
  return [
    accept,
    ['Reject', `npx stepdown reject ${target} --comment "…"`],
    [
      'Change thresholds or recipes and run the phase again',
      `npx stepdown decide ${target} --outcome revise --changes changes.yaml --comment "…"`,
    ],
    ['Look first', `npx stepdown status ${shellWord(gate.engagement)}`],
  ];
}

function expired(gate: GateStatus): Message {
  const { engagement, modelName, client, remindersSent, dueAt, summary } = gate;
  const text = `Nobody decided gate **${gate.gate}** of engagement **${engagement}** (${modelName} for ${client}) by ${instant(dueAt)}, after ${remindersSent} reminders. It can no longer be decided and the engagement ends here.

${summary}`;
  const subject = `Expired: ${engagement}, gate ${gate.gate}`;
  return {
    engagement,
    to: gate.approvers,
    subject,
    text,
    commands: [statusCommand(engagement)],
    path: pathOf(engagement),
    chart: gate.chart,
  };
}

function tripped({ engagement, modelName, stage, reason, confirmedWeight, to }: RolloutTripped): Message {
  const now =
    confirmedWeight === 0
      ? 'The router confirms **0 %** on the candidate: FP32 answers every request.'
      : `**The router still answers ${trimmed(confirmedWeight)} % on the candidate.** Take it out now.`;
  const text = `The rollout of **${modelName}** (engagement **${engagement}**) was taken back at stage **${weight(stage)}**.

Reason: ${reason}

${now}`;
  const rollback: [string, string] = [
    'Take it out',
    `npx stepdown rollout rollback ${shellWord(engagement)} --by YOUR-ADDRESS`,
  ];
  const commands = [...(confirmedWeight === 0 ? [] : [rollback]), statusCommand(engagement)];
  const state = confirmedWeight === 0 ? 'Rolled back' : `NOT AT 0 % (${trimmed(confirmedWeight)} %)`;
  const subject = `${state}: ${engagement} at stage ${weight(stage)}`;
  return { engagement, to, subject, text, commands, path: `${pathOf(engagement)}/rollout` };
}

function incidentOpened({ engagement, modelName, incident, to }: SupportMail & { incident: Incident }): Message {
  const { number, kind, day, reason } = incident;
  const text = `Incident **${number}** (${kind}) on day ${day} of the support of **${modelName}** (engagement **${engagement}**).

${reason}`;
  const acknowledge: [string, string] = [
    'Acknowledge, with what you found; the detectors begin anew then',
    `npx stepdown support acknowledge ${shellWord(engagement)} --incident ${number} --by YOUR-ADDRESS --comment "…"`,
  ];
  const rollback: [string, string] = [
    'Take the candidate out',
    `npx stepdown support rollback ${shellWord(engagement)} --by YOUR-ADDRESS --comment "…"`,
  ];
  const subject = `Incident ${number}: ${engagement}, ${kind} on day ${day}`;
  return { engagement, to, subject, text, commands: [acknowledge, rollback], path: pathOf(engagement) };
}

function weekEnded({
  engagement,
  modelName,
  week,
  page: path,
  to,
}: SupportMail & { week: Week; page: string }): Message {
  const text = `Support of **${modelName}** (engagement **${engagement}**), report ${week.number}.

${describeWeek(week)
  .map((line) => `- ${line}`)
  .join('\n')}

Page: \`${path}\``;
  const commands: [string, string][] = [['Where it stands', `npx stepdown support status ${shellWord(engagement)}`]];
  const subject = `Support report ${week.number}: ${engagement}`;
  return { engagement, to, subject, text, commands, path: pathOf(engagement), chart: weekChart(week) };
}

function proposed({ engagement, modelName, proposal, to }: SupportMail & { proposal: Proposal }): Message {
  const { engagement: next, day, reason, specification } = proposal;
  const text = `On day ${trimmed(day)} of the support of **${modelName}** (engagement **${engagement}**): ${whyProposed(proposal)}.

${reason}

Another engagement, **${next}**, is proposed on rows of today. Nothing was started and no traffic was moved. The specification says which rows it needs.

Specification: \`${specification}\``;
  const start: [string, string] = [
    'Start it, once its rows are there and the file is beside the old specification',
    `npx stepdown start ${shellWord(`${next}.yaml`)}`,
  ];
  const subject = `Re-optimization proposed: ${engagement}, ${next}`;
  const commands = [start, statusCommand(engagement)];
  return { engagement, to, subject, text, commands, path: pathOf(engagement) };
}

function closed(document: ClosingDocument, to: Recipient[]): Message {
  const { engagement, verdict, reason, waivers, report } = document;
  const waived = waivers.map(
    ({ gate, by, comment, second }) =>
      `- **Waived**: gate ${gate}, by ${by}: ${comment}${second ? `, and by ${second.by}: ${second.comment}` : ''}`
  );
  const text = `Engagement **${engagement}** has closed: **${verdict}**.

${headlineOf(document)}

${reason}

${[...waived, ...figuresOf(document)].join('\n')}

Report: \`${report}\``;
  const commands: [string, string][] = [
    ['Where the report is', `npx stepdown report ${shellWord(engagement)}`],
    ['Recompute every verdict from the evidence', `npx stepdown verify ${shellWord(engagement)}`],
    ...(document.guide ? [guideCommand(engagement)] : []),
  ];
  const subject = `Closed: ${engagement} (${verdict})`;
  return { engagement, to, subject, text, commands, path: pathOf(engagement), chart: comparisonChart(document) };
}

function figuresOf(document: ClosingDocument): string[] {
  const { baseline, optimized } = document;
  const line = chosenLine(document);
  if (!baseline || !optimized || !line) return [];
  return [
    `- Size: ${bytes(baseline.sizeBytes)} to ${bytes(optimized.sizeBytes)}`,
    `- Latency p95: ${trimmed(baseline.latency.p95Ms)} ms to ${trimmed(optimized.latency.p95Ms)} ms`,
    `- Speed-up: ${ratio(line.speedup)}, 95 % interval ${interval(line.speedupInterval)}`,
    `- Accuracy drop: ${points(line.accuracyDrop)} points, at most ${points(line.accuracyDropUpper)}`,
  ];
}

const guideCommand = (engagement: string): [string, string] => [
  'How to serve the model',
  `npx stepdown report ${shellWord(engagement)} --deployment`,
];

const statusCommand = (engagement: string): [string, string] => [
  'Look at it',
  `npx stepdown status ${shellWord(engagement)}`,
];

/** Safe to paste into a shell, whatever the name is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
