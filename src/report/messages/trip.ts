import { drawn } from '../../domain/bar-chart.ts';
import { evidenceChart, p95Chart } from '../../domain/charts.ts';
import { describeTimeToZero, type TimeToZero } from '../../domain/time-to-zero.ts';
import type { ArmTimes, EvidenceLine } from '../../domain/traffic.ts';
import { waitingText } from '../../domain/waiting.ts';
import { trimmed, weight } from '../format.ts';
import type { Message, Recipient, ServiceLevel } from '../message.ts';
import { pathOf, statusCommand } from './commands.ts';

export interface RolloutTripped {
  kind: 'rollout-tripped';
  engagement: string;
  modelName: string;
  /** Percent of client traffic; 0 is the shadow stage. */
  stage: number;
  reason: string;
  /** Percent of the traffic on the candidate that the router answered afterwards; null while it confirms nothing. */
  confirmedWeight: number | null;
  /** What was read back with it; absent in messages of older versions. */
  toZero?: TimeToZero | undefined;
  evidence?: EvidenceLine[] | undefined;
  times?: ArmTimes | undefined;
  serving?: ServiceLevel;
  to: Recipient[];
}

export function tripped(input: RolloutTripped): Message {
  const { engagement, modelName, stage, reason, confirmedWeight, toZero, times, to } = input;
  const isDown = confirmedWeight === 0;
  const still =
    confirmedWeight === null
      ? 'The router does not confirm that the candidate is out of the traffic'
      : `The router still answers ${trimmed(confirmedWeight)} % on the candidate`;
  const now = isDown
    ? `The router confirms **0 %** on the candidate: FP32 answers every request.${toZero ? ` It took ${describeTimeToZero(toZero)}.` : ''}`
    : `**${still}.** It is tried again and again; take it out at the gateway itself.`;
  const text = `The rollout of **${modelName}** (engagement **${engagement}**) was taken back at stage **${weight(stage)}**.

Reason: ${reason}

${now}${times ? `\n\nClients waited: ${waitingText(times)}.` : ''}`;
  const takeOut: [string, string] = [
    'Take it out; the address of the gateway is in up.json of the data directory',
    `curl -X POST "$GATEWAY/control/models/${encodeURIComponent(modelName)}/trip" -H "authorization: Bearer $STEPDOWN_GATEWAY_TOKEN" -H 'content-type: application/json' -d '{"reason": "not at 0 %", "by": "YOUR-ADDRESS"}'`,
  ];
  const commands = [...(isDown ? [] : [takeOut]), statusCommand(engagement)];
  const known = confirmedWeight === null ? 'not confirmed' : `${trimmed(confirmedWeight)} %`;
  const subject = `${isDown ? 'Rolled back' : `NOT AT 0 % (${known})`}: ${engagement} at stage ${weight(stage)}`;
  return { engagement, to, subject, text, commands, path: `${pathOf(engagement)}/rollout`, charts: chartsOf(input) };
}

/** Each test against its bound, and how long clients waited. */
export function chartsOf({ evidence = [], times, serving }: Pick<RolloutTripped, 'evidence' | 'times' | 'serving'>) {
  return drawn(evidenceChart(evidence), serving && p95Chart(times, serving));
}
