import { drawn } from '../../domain/bar-chart.ts';
import { describeFirst, type GateStatus } from '../../domain/decision.ts';
import { counted } from '../../domain/units.ts';
import { instant } from '../format.ts';
import type { Message } from '../message.ts';
import { pathOf, shellWord, statusCommand } from './commands.ts';

export function waiting(gate: GateStatus, isReminder: boolean): Message {
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
    charts: drawn(gate.chart),
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

export function expired(gate: GateStatus): Message {
  const { engagement, modelName, client, remindersSent, dueAt, summary } = gate;
  const text = `Nobody decided gate **${gate.gate}** of engagement **${engagement}** (${modelName} for ${client}) by ${instant(dueAt)}, after ${counted(remindersSent, 'reminder')}. It can no longer be decided and the engagement ends here.

${summary}`;
  const subject = `Expired: ${engagement}, gate ${gate.gate}`;
  return {
    engagement,
    to: gate.approvers,
    subject,
    text,
    commands: [statusCommand(engagement)],
    path: pathOf(engagement),
    charts: drawn(gate.chart),
  };
}
