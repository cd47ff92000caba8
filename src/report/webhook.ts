import { type BarChart, placeOn, scaleOf, shownOn } from '../domain/bar-chart.ts';
import { messageOf, type NotifyInput, needsAddress } from './message.ts';

/** What a Slack-compatible incoming webhook takes. */
export interface WebhookBody {
  /** What notifications and clients without blocks show. */
  text: string;
  blocks: Block[];
}

type Block =
  | { type: 'header'; text: { type: 'plain_text'; text: string } }
  | { type: 'section'; text: { type: 'mrkdwn'; text: string } };

/** Slack's limits, in characters. */
const HEADER = 150;
const SECTION = 3_000;

/** A channel has many readers: no personal decision link, but the dashboard's page where its address is known. */
export function composeWebhook(input: NotifyInput, publicUrl?: string): WebhookBody {
  const message = messageOf(input);
  const { subject, text, commands, path } = message;
  const page = publicUrl && `<${publicUrl.replace(/\/$/, '')}${path}|Open the page>`;
  const note = needsAddress(message) && 'YOUR-ADDRESS is the mail address of whoever decides.';
  const listed = commands.map(([purpose, command]) => `${escaped(purpose)}:\n\`\`\`${escaped(command)}\`\`\``);
  const sections = [
    ...text.split(/\n{2,}/).map(mrkdwn),
    page,
    ...(message.charts ?? []).map(chartText),
    ...listed,
    note,
  ];
  return {
    text: escaped(subject),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shortened(subject, HEADER) } },
      ...joined(sections.filter((part) => part !== undefined && part !== false && part !== '') as string[]).map(
        section
      ),
    ],
  };
}

const section = (text: string): Block => ({ type: 'section', text: { type: 'mrkdwn', text } });

/** Paragraphs together, as many as a section takes. */
function joined(parts: string[]): string[] {
  const sections: string[] = [];
  for (const part of parts.map((text) => shortened(text, SECTION))) {
    const last = sections.at(-1);
    if (last !== undefined && last.length + part.length + 2 <= SECTION)
      sections[sections.length - 1] = `${last}\n\n${part}`;
    else sections.push(part);
  }
  return sections;
}

/** Slack's own markup: names and reasons must not call a channel or make a link. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const mrkdwn = (markdown: string): string =>
  escaped(markdown.trim())
    .replace(/\*\*([^*]+)\*\*/g, '*$1*')
    .replace(/^[-*] /gm, '• ');

const shortened = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

const WIDTH = 20;

/** The same chart in a line of text each; the limit is a stroke. */
function chartText(chart: BarChart): string {
  const { caption, limit, rows } = chart;
  const scale = scaleOf(chart);
  const cell = (value: number) => Math.round(WIDTH * placeOn(scale, value));
  const longest = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => {
    const cells = Array.from({ length: WIDTH + 1 }, (_, i) =>
      i === cell(limit.value) ? '|' : i >= cell(row.from) && i < cell(row.to) ? '█' : ' '
    );
    return `${row.name.padEnd(longest)} ${cells.join('')} ${shownOn(scale, row)}`;
  });
  return `*${escaped(caption)}* (| ${escaped(limit.name)})\n\`\`\`${escaped(lines.join('\n'))}\`\`\``;
}
