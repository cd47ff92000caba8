import { type Html, html } from './html.ts';

/** The little of Markdown that gate summaries use: headings, lists, tables, bold and code. Links stay text. */
export function renderMarkdown(markdown: string): Html {
  const blocks = markdown.replaceAll('\r\n', '\n').split(/\n{2,}/);
  return html`${blocks.filter((block) => block.trim()).map((block) => renderBlock(block.trim().split('\n')))}`;
}

function renderBlock(lines: string[]): Html {
  const runs: { kind: 'list' | 'table' | 'heading' | 'text'; lines: string[] }[] = [];
  for (const line of lines) {
    const kind = kindOf(line);
    if (runs.at(-1)?.kind === kind) runs.at(-1)!.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return html`${runs.map(({ kind, lines: own }) => RENDERERS[kind](own))}`;
}

function kindOf(line: string): 'list' | 'table' | 'heading' | 'text' {
  if (/^\s*[-*] /.test(line)) return 'list';
  if (/^\s*\|.*\|\s*$/.test(line)) return 'table';
  return /^#{1,6} /.test(line) ? 'heading' : 'text';
}

const RENDERERS = {
  list: (lines: string[]) =>
    html`<ul>${lines.map((line) => html`<li>${inline(line.replace(/^\s*[-*] /, ''))}</li>`)}</ul>`,
  heading: (lines: string[]) => html`${lines.map((line) => html`<h3>${inline(line.replace(/^#+ /, ''))}</h3>`)}`,
  text: (lines: string[]) => html`<p>${inline(lines.join('\n'))}</p>`,
  table: (lines: string[]) => {
    const [head, ...rows] = lines.filter((line) => !/^[\s|:-]+$/.test(line)).map(cellsOf);
    return html`<table><tr>${head?.map((cell) => html`<th scope="col">${inline(cell)}</th>`)}</tr>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</table>`;
  },
};

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());

function inline(text: string): Html {
  const parts = text.split(/(\*\*[^*]+\*\*|`[^`]+`)/);
  return html`${parts.map((part) => {
    if (/^\*\*.+\*\*$/s.test(part)) return html`<strong>${part.slice(2, -2)}</strong>`;
    return /^`.+`$/s.test(part) ? html`<code>${part.slice(1, -1)}</code>` : part;
  })}`;
}
