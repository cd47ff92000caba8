import { drawn } from '../../domain/bar-chart.ts';
import { comparisonChart } from '../../domain/charts.ts';
import type { ClosingDocument } from '../../domain/engagement.ts';
import { titled } from '../../domain/tasks.ts';
import { chosenLine, metricOf } from '../chosen.ts';
import { bytes, interval, points, ratio, trimmed } from '../format.ts';
import type { Message, Recipient } from '../message.ts';
import { headlineOf } from '../summary.ts';
import { pathOf, shellWord } from './commands.ts';

export function closed(document: ClosingDocument, to: Recipient[]): Message {
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
  return {
    engagement,
    to,
    subject,
    text,
    commands,
    path: pathOf(engagement),
    charts: drawn(comparisonChart(document)),
  };
}

function figuresOf(document: ClosingDocument): string[] {
  const { baseline, optimized } = document;
  const line = chosenLine(document);
  if (!baseline || !optimized || !line) return [];
  return [
    `- Size: ${bytes(baseline.sizeBytes)} to ${bytes(optimized.sizeBytes)}`,
    `- Latency p95: ${trimmed(baseline.latency.p95Ms)} ms to ${trimmed(optimized.latency.p95Ms)} ms`,
    `- Speed-up: ${ratio(line.speedup)}, 95 % interval ${interval(line.speedupInterval)}`,
    `- ${titled(metricOf(document))} drop: ${points(line.accuracyDrop)} points, at most ${points(line.accuracyDropUpper)}`,
  ];
}

const guideCommand = (engagement: string): [string, string] => [
  'How to serve the model',
  `npx stepdown report ${shellWord(engagement)} --deployment`,
];
