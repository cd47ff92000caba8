import { chartTable } from './chart-table.ts';
import { type Html, html } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { type Message, messageOf, type NotifyInput, needsAddress, type Recipient } from './message.ts';

export interface Mail {
  engagement: string;
  to: Recipient[];
  subject: string;
  /** Markdown, which is also the text part. */
  text: string;
  html: string;
}

/** `link` is where the one recipient decides. */
export function composeMail(input: NotifyInput, link?: string): Mail {
  const message = messageOf(input);
  const { engagement, to, subject, text, commands } = message;
  const note = needsAddress(message) ? 'YOUR-ADDRESS is the address that this mail was sent to.' : '';
  const listed = commands.map(([purpose, command]) => `${purpose}:\n    ${command}`).join('\n\n');
  return {
    engagement,
    to,
    subject: oneLine(subject),
    text: `${text}\n\n${link ? `${LINK_NOTE}:\n    ${link}\n\nOr by command:\n\n` : ''}${listed}\n${note && `\n${note}\n`}`,
    html: page(message, note, link).text,
  };
}

const LINK_NOTE = 'Look at it and decide (this link is yours alone and decides once)';

/** A header is one line: line breaks in a name must not begin another. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

function page({ text, commands, charts = [] }: Message, note: string, link: string | undefined): Html {
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:1rem auto;padding:0 1rem}code,pre{font:.875em ui-monospace,Menlo,Consolas,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8886;border-radius:.375rem;padding:.5rem .75rem;margin:.25rem 0 1rem}
table{border-collapse:collapse}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8886}</style></head><body>
${renderMarkdown(text)}${charts.map(chartTable)}<hr>
${link && html`<p><a href="${link}"><strong>Look at it and decide</strong></a></p><p>${LINK_NOTE}. Or by command:</p>`}
${commands.map(([purpose, command]) => html`<p>${purpose}:</p><pre>${command}</pre>`)}
${note && html`<p>${note}</p>`}</body></html>
`;
}
