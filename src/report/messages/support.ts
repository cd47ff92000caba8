import { drawn } from '../../domain/bar-chart.ts';
import { weekChart } from '../../domain/charts.ts';
import { type Proposal, whyProposed } from '../../domain/reoptimization.ts';
import { describeWeek, type Guard, type Incident, type Week } from '../../domain/support.ts';
import { describeTimeToZero } from '../../domain/time-to-zero.ts';
import type { ArmTimes, EvidenceLine } from '../../domain/traffic.ts';
import { waitingText } from '../../domain/waiting.ts';
import { trimmed } from '../format.ts';
import type { Message, Recipient, ServiceLevel } from '../message.ts';
import { pathOf, shellWord, statusCommand } from './commands.ts';
import { chartsOf } from './trip.ts';

export interface SupportMail {
  engagement: string;
  modelName: string;
  to: Recipient[];
}

export interface IncidentOpened extends SupportMail {
  kind: 'support-incident';
  incident: Incident;
  /** Percent of the traffic that was read back, where it took the candidate out. */
  confirmedWeight?: number | undefined;
  detectors?: Record<Guard, number>;
  evidence?: EvidenceLine[] | undefined;
  times?: ArmTimes | undefined;
  serving?: ServiceLevel;
}

export function incidentOpened(input: IncidentOpened): Message {
  const { engagement, modelName, incident, confirmedWeight, times, to } = input;
  const { number, kind, day, reason, toZero } = incident;
  const isOut = confirmedWeight === 0;
  const text = `Incident **${number}** (${kind}) on day ${day} of the support of **${modelName}** (engagement **${engagement}**).

${reason}

${isOut ? `The candidate is out of the traffic${toZero ? `: ${describeTimeToZero(toZero)}` : ''}.` : 'The candidate is still in the traffic.'}${times ? `\n\nClients waited: ${waitingText(times)}.` : ''}`;
  const acknowledge: [string, string] = [
    'Acknowledge, with what you found; the detectors begin anew then',
    `npx stepdown support acknowledge ${shellWord(engagement)} --incident ${number} --by YOUR-ADDRESS --comment "…"`,
  ];
  const rollback: [string, string] = [
    'Take the candidate out',
    `npx stepdown support rollback ${shellWord(engagement)} --by YOUR-ADDRESS --comment "…"`,
  ];
  const subject = `Incident ${number}: ${engagement}, ${kind} on day ${day}`;
  const commands = isOut ? [statusCommand(engagement)] : [acknowledge, rollback];
  return { engagement, to, subject, text, commands, path: pathOf(engagement), charts: incidentCharts(input) };
}

/** What said so: the gateway's tests where they tripped, else the detectors of the window. */
function incidentCharts({ incident, detectors, ...seen }: IncidentOpened) {
  if (incident.kind === 'trip') return chartsOf(seen);
  return [...drawn(detectors && weekChart({ evidence: detectors })), ...chartsOf({ ...seen, evidence: [] })];
}

export function weekEnded({
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
  return {
    engagement,
    to,
    subject,
    text,
    commands,
    path: pathOf(engagement),
    charts: drawn(weekChart(week)),
  };
}

export function proposed({ engagement, modelName, proposal, to }: SupportMail & { proposal: Proposal }): Message {
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
